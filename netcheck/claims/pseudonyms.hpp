#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "netcheck/claims/address_pseudonyms.hpp"

namespace plumbline::netcheck::claims {

/// Stands in for names, UUIDs, addresses and places of a cluster: the same word has the same
/// pseudonym everywhere in one bundle. Two passes: learn all documents, then replace in all.
class Pseudonyms {
 public:
  /// Notes every word of a document that must not be told.
  void learn(const nlohmann::json& document);
  /// Replaces all words that were learned, also where they stand in other fields.
  void replace(nlohmann::json& document) const;
  /// The pseudonym of a word; the word itself when it was not learned.
  std::string of(const std::string& word) const;

 private:
  void learn_field(const std::string& parent, const std::string& key, const nlohmann::json& value);
  void add(const std::string& kind, const std::string& word);
  void add_address(const std::string& kind, const std::string& word);

  std::map<std::string, std::string> known_;
  std::map<std::string, int> counts_;
  AddressPseudonyms addresses_;
};

}  // namespace plumbline::netcheck::claims
