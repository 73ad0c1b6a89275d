# Reads apt source files (one-line "*.list" and deb822 "*.sources") and prints
#   present                 when an enabled entry already reaches the suite CODENAME-backports, else
#   a deb822 stanza         for that suite, with the address, keyring and options of the entry that brings
#                           CODENAME itself; exit status 1 and nothing when there is no such entry.
# Call: awk -v codename=bookworm -f backports.awk FILE...

function has_word(list, word,    parts, count, i) {
    count = split(list, parts, /[ \t\n]+/)
    for (i = 1; i <= count; i++) if (parts[i] == word) return 1
    return 0
}

function carried(name) {
    if (!(name in field) || field[name] == "") return ""
    return spelled[name] (field[name] ~ /^\n/ ? ":" : ": ") field[name] "\n"
}

# Judges one entry, whose parts stand in field[].
function entry(    address, kept) {
    if (!has_word(field["types"], "deb") || tolower(field["enabled"]) ~ /^(no|false|without|off|disable)$/) return
    if (has_word(field["suites"], codename "-backports") && has_word(field["components"], "main")) present = 1
    if (found != "" || !has_word(field["suites"], codename) || !has_word(field["components"], "main")) return
    address = field["uris"]
    if (address ~ /cdrom:/ || address == "") return
    kept = carried("architectures") carried("signed-by") carried("trusted") carried("check-valid-until")
    found = "Types: deb\nURIs: " address "\nSuites: " codename "-backports\nComponents: main\n" kept
}

function forget() { split("", field); last = "" }

function set_field(name, value) {
    last = tolower(name)
    spelled[last] = name
    field[last] = value
}

# One "deb [options] address suite component..." line.
function one_line(text,    options, pairs, count, i, cut, parts) {
    forget()
    sub(/#.*/, "", text)
    if (text !~ /^[ \t]*deb[ \t]/) return
    sub(/^[ \t]*deb[ \t]+/, "", text)
    if (match(text, /^\[[^]]*\][ \t]*/)) {
        options = substr(text, 2, RLENGTH - 2)
        text = substr(text, RLENGTH + 1)
        sub(/\].*/, "", options)
        count = split(options, pairs, /[ \t]+/)
        for (i = 1; i <= count; i++) {
            cut = index(pairs[i], "=")
            if (cut > 0) option(substr(pairs[i], 1, cut - 1), substr(pairs[i], cut + 1))
        }
    }
    count = split(text, parts, /[ \t]+/)
    set_field("Types", "deb")
    set_field("URIs", parts[1])
    set_field("Suites", parts[2])
    set_field("Components", "")
    for (i = 3; i <= count; i++) field["components"] = field["components"] " " parts[i]
    entry()
}

function option(name, value) {
    gsub(/,/, " ", value)
    if (name == "arch") set_field("Architectures", value)
    if (name == "signed-by") set_field("Signed-By", value)
    if (name == "trusted") set_field("Trusted", value)
    if (name == "check-valid-until") set_field("Check-Valid-Until", value)
}

FNR == 1 { if (deb822) entry(); forget(); deb822 = FILENAME ~ /\.sources$/ }
!deb822 { one_line($0); next }
/^#/ { next }
/^[ \t]*$/ { entry(); forget(); next }
/^[ \t]/ { if (last != "") field[last] = field[last] "\n" $0; next }
{
    cut = index($0, ":")
    if (cut == 0) next
    value = substr($0, cut + 1)
    sub(/^[ \t]+/, "", value)
    sub(/[ \t]+$/, "", value)
    set_field(substr($0, 1, cut - 1), value)
}
END {
    if (deb822) entry()
    if (present) print "present"
    else if (found != "") printf "%s", found
    else exit 1
}
