// How a program's commands come to its graph.
#pragma once

#include <leat/graph.hpp>

#include <functional>

namespace leat {

/// Makes the graph, once; throws leat::failure where it cannot.
using graph_maker = std::function<leat::graph()>;

/// The graph, or why there is none.
inline result<leat::graph> made(const graph_maker& make) {
  try {
    return make();
  } catch (const failure& f) {
    return f.error();
  }
}

} // namespace leat
