// What graphs are made of where nothing is to flow in them, and what is wrong with them.
#pragma once

#include <leat/graph.hpp>

#include "support/flow.hpp"

namespace support {

/// A source of no items.
inline given<item> none() { return {}; }
inline const auto same = [](const item& i) { return i; };
inline const auto all = [](const item&) { return true; };

inline std::vector<std::string> faults(leat::graph& g) {
  std::vector<std::string> found;
  for (const leat::error& e : g.validate())
    found.push_back(e.what);
  return found;
}

} // namespace support
