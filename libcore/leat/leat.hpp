// All of leat::core: records, formats, the graph and its stages. Connectors, models and the runtime
// have their own headers.
#pragma once

#include <leat/aggregates.hpp>
#include <leat/batching.hpp>
#include <leat/context.hpp>
#include <leat/csv.hpp>
#include <leat/dead_letter.hpp>
#include <leat/error.hpp>
#include <leat/features.hpp>
#include <leat/graph.hpp>
#include <leat/join.hpp>
#include <leat/json.hpp>
#include <leat/model.hpp>
#include <leat/operator.hpp>
#include <leat/record.hpp>
#include <leat/sink.hpp>
#include <leat/source.hpp>
#include <leat/state.hpp>
#include <leat/time.hpp>
#include <leat/timer.hpp>
#include <leat/version.hpp>
#include <leat/window.hpp>
