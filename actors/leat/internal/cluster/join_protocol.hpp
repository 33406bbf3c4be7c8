// What two nodes say to each other over a link under TLS before CAF gets it. Their own names and
// cluster are not among it: certificates prove them.
//
//   worker to coordinator   join_request        may I join?
//   coordinator to worker   join_answer         you are node n of these; or why not
//   worker to coordinator   file_request        I lack these files; the last one says none
//   coordinator to worker   their bytes, in chunks
//   coordinator to worker   readiness           all workers have their files: meet them
//   worker to worker        greeting            I am node n; to those before it
//   worker to coordinator   preparation         I am alive; while it looks for files that it has,
//   meets
//                                               others and prepares its share, which the last one
//                                               ends
#pragma once

#include <leat/detail/record/codec.hpp>
#include <leat/error.hpp>
#include <leat/record.hpp>

namespace leat {

/// Changes with what follows, so that another version of a program is told so.
inline constexpr std::uint32_t join_version = 2;

struct join_request {
  std::uint32_t version = join_version;
  std::uint64_t build = 0; ///< hash of the program
  std::uint32_t slots = 1;
  std::vector<std::string> labels;
  std::string address;     ///< where later workers reach it
  std::string coordinator; ///< the node that it takes for one

  static constexpr auto fields =
      leat::fields("join_request", field("version", &join_request::version),
                   field("build", &join_request::build), field("slots", &join_request::slots),
                   field("labels", &join_request::labels), field("address", &join_request::address),
                   field("coordinator", &join_request::coordinator));
};

inline constexpr std::size_t most_workers = 256;
inline constexpr std::uint32_t most_slots = 1024;

/// A worker, as the others know it. Others believe nothing of it before check().
struct joined_node {
  std::string name;
  std::uint32_t slots = 1;
  std::vector<std::string> labels;
  std::string address;

  static constexpr auto fields = leat::fields(
      "joined_node", field("name", &joined_node::name), field("slots", &joined_node::slots),
      field("labels", &joined_node::labels), field("address", &joined_node::address));
};

/// User errors: another number of slots than 1 to most_slots, an invalid label or too many, an
/// invalid name, or an address that leads others nowhere.
result<void> check(const joined_node& n);
result<void> check_labels(const std::vector<std::string>& labels);

/// A file of the coordinator's that the job reads: a model, a configuration.
struct shipped_file {
  std::string path;   ///< as in the arguments
  std::string sha256; ///< of its content, in hexadecimal
  std::uint64_t bytes = 0;

  static constexpr auto fields =
      leat::fields("shipped_file", field("path", &shipped_file::path),
                   field("sha256", &shipped_file::sha256), field("bytes", &shipped_file::bytes));
};

struct join_answer {
  std::string refusal; ///< why not; empty: the rest counts
  std::uint64_t term = 1;
  std::uint32_t node = 0; ///< nodes[node - 1] is this one
  std::vector<joined_node> nodes;
  std::vector<std::string> arguments; ///< of the command that all run
  std::vector<shipped_file> files;

  static constexpr auto fields = leat::fields(
      "join_answer", field("refusal", &join_answer::refusal), field("term", &join_answer::term),
      field("node", &join_answer::node), field("nodes", &join_answer::nodes),
      field("arguments", &join_answer::arguments), field("files", &join_answer::files));
};

struct file_request {
  /// Of join_answer::files, each once and in their order; their count if it lacks none (any more).
  std::uint32_t number = 0;

  static constexpr auto fields =
      leat::fields("file_request", field("number", &file_request::number));
};

struct readiness {
  std::uint64_t term = 1;

  static constexpr auto fields = leat::fields("readiness", field("term", &readiness::term));
};

struct greeting {
  std::uint64_t term = 1;
  std::uint32_t node = 0;

  static constexpr auto fields =
      leat::fields("greeting", field("term", &greeting::term), field("node", &greeting::node));
};

struct preparation {
  bool done = false;
  std::string fault; ///< of one that has failed
  std::string hint;

  static constexpr auto fields =
      leat::fields("preparation", field("done", &preparation::done),
                   field("fault", &preparation::fault), field("hint", &preparation::hint));
};

template <class Message>
std::string as_bytes(const Message& m) {
  std::string bytes;
  append_binary(bytes, m);
  return bytes;
}

/// An error if the bytes are none of as_bytes().
template <class Message>
result<Message> from_bytes(std::string_view bytes) {
  Message m;
  byte_cursor from(bytes);
  if (!read_binary(from, m) || from.left() > 0)
    return external_error(std::string("it did not send a valid ") +
                          std::string(Message::fields.record));
  return m;
}

} // namespace leat
