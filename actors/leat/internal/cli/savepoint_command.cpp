#include <leat/internal/cli/savepoint_command.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/internal/checkpoint/savepoint_requests.hpp>
#include <leat/internal/cli/commands.hpp>
#include <leat/internal/cli/signals.hpp>
#include <leat/quantities.hpp>

#include <fmt/format.h>

#include <thread>

namespace leat {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds between_looks{250};
constexpr std::chrono::milliseconds between_questions{50};
constexpr std::chrono::seconds until_taken{10}; // a job looks for requests all the time

struct waiting_savepoint {
  posix_files& files;
  std::string folder;
  std::string name;

  /// Waits until something has happened, for so long at most. False if nothing has.
  template <class Happened>
  bool wait(steady_clock::time_point until, const stop_signals& signals, Happened happened) const {
    while (!happened()) {
      if (steady_clock::now() >= until || signals.count() > 0)
        return happened();
      std::this_thread::sleep_for(between_questions);
    }
    return true;
  }

  bool is_taken() const { return !is_waiting(files, folder, name); }
  bool is_there() const { return has_savepoint(files, folder, name); }
};

error none_runs(const std::string& folder) {
  return user_error(
      fmt::format("no job that runs with --checkpoint-dir {} has taken the request", folder),
      "start the job; or --restore the folder of its newest checkpoint");
}

result<void> wait_for(const waiting_savepoint& s, std::chrono::nanoseconds timeout) {
  stop_signals signals;
  const auto begun = steady_clock::now();
  if (!s.wait(begun + until_taken, signals, [&] { return s.is_taken(); })) {
    withdraw_request(s.files, s.folder, s.name);
    return none_runs(s.folder);
  }
  std::optional<std::string> failure;
  const bool over = s.wait(begun + timeout, signals, [&] {
    return s.is_there() || (failure = take_failure(s.files, s.folder, s.name));
  });
  if (failure)
    return external_error(fmt::format("the job has made no savepoint: {}", *failure));
  if (!over)
    return external_error("the job has taken the request, and has not made the savepoint yet",
                          "it may still do so; see --timeout");
  return {};
}

} // namespace

exit_code savepoint_command(const std::vector<std::string>& arguments, const console& to) {
  std::string folder, name, patience = "10min";
  bool stop = false;
  option_set options;
  options.add("--checkpoint-dir DIR", folder, "the running job's directory for checkpoints")
      .required();
  options.add("--name NAME", name, "name of the savepoint").required();
  options.add("--stop", stop, "end the job with it");
  options.add("--timeout DURATION", patience, "time after which to wait no longer");
  if (const auto ended = read_options(options, arguments, {"savepoint", savepoint_help}, to))
    return *ended;
  const auto timeout = parse_duration(patience);
  if (!timeout)
    throw failure(user_error("--timeout: invalid duration " + shown(patience),
                             "a whole number and ms, s, min or h: 10s"));
  posix_files files;
  if (auto asked = ask_for_savepoint(files, folder, {name, stop}); !asked)
    throw failure(asked.error());
  if (auto made = wait_for({files, folder, name}, *timeout); !made)
    throw failure(made.error());
  to.print(savepoint_folder(folder, name) + '\n');
  return exit_done;
}

savepoint_desk::savepoint_desk(job& of, std::string folder,
                               std::function<void(const std::string&)> tell)
    : job_(of), folder_(std::move(folder)), tell_(std::move(tell)) {
  if (!folder_.empty())
    for (const savepoint_request& r : leat::take_requests(files_, folder_))
      note_failure(files_, folder_, r.name, "the request is older than the job");
}

void savepoint_desk::stop(const std::string& name) { begin(name, true, true); }

void savepoint_desk::begin(const std::string& name, bool stop, bool asked_here) {
  pending_.push_back({name, asked_here, std::async(std::launch::async, [this, name, stop] {
                        return stop ? job_.stop_with_savepoint(name) : job_.savepoint(name);
                      })});
}

void savepoint_desk::look(steady_clock::time_point now) {
  if (folder_.empty() || now < next_look_)
    return;
  next_look_ = now + between_looks;
  take_requests();
  std::erase_if(pending_, [this](pending& p) {
    if (p.made.wait_for(std::chrono::seconds{0}) != std::future_status::ready)
      return false;
    end(p);
    return true;
  });
}

void savepoint_desk::take_requests() {
  for (const savepoint_request& r : leat::take_requests(files_, folder_))
    begin(r.name, r.stop, false);
}

void savepoint_desk::end(pending& p) {
  const auto made = p.made.get();
  if (made)
    return tell_(fmt::format("savepoint: {}", *made));
  tell_(fmt::format("savepoint {} failed: {}", p.name, made.error().what));
  if (p.asked_here)
    at_stop_ = made.error();
  else
    note_failure(files_, folder_, p.name, made.error().what);
}

result<void> savepoint_desk::close() {
  if (!folder_.empty())
    for (const savepoint_request& r : leat::take_requests(files_, folder_))
      note_failure(files_, folder_, r.name, "the job has ended");
  for (pending& p : pending_)
    end(p);
  pending_.clear();
  return at_stop_;
}

} // namespace leat
