#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/files.hpp"
#include "core/model/neighbour.hpp"

namespace plumbline::probes {

/// What cloud-init recorded of this machine's place: the standard keys cloud_name, platform,
/// region, availability_zone and instance_id of `v1`, and the texts and numbers of
/// `ds.meta_data.placement` as "placement.<name>". Nothing else is taken. An error for what is no
/// JSON object, or has none of these.
Result<CloudPlace> parse_instance_data(std::string_view text);

/// The same from /run/cloud-init/instance-data.json; nothing where there is no such file. A file
/// that cannot be read goes to `problems`. No cloud is called.
std::optional<CloudPlace> read_cloud_place(const FileTree& root,
                                           std::vector<std::string>& problems);

}  // namespace plumbline::probes
