// Forward declarations, for the headers of applications.
#pragma once

namespace leat {

class context;
class event_context;
class graph;
class setup;
class any_batching;
struct dead_letter;
struct error;
struct sink_context;
struct stamp;

template <class T>
class emitter;
template <class T>
class result;

} // namespace leat
