#include <leat/internal/cli/progress.hpp>

#include <leat/internal/cli/columns.hpp>
#include <leat/internal/observe/held_back.hpp>
#include <leat/internal/observe/stalls.hpp>
#include <leat/internal/observe/waiting.hpp>
#include <leat/quantities.hpp>

#include <cstdlib>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace leat {

namespace {

using namespace std::chrono_literals;

std::size_t columns_of(std::FILE* terminal) {
  winsize size{};
  return ioctl(fileno(terminal), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

double rate_between(const job_metrics& before, const job_metrics& now) {
  const double seconds = std::chrono::duration<double>(now.elapsed - before.elapsed).count();
  return seconds > 0 ? static_cast<double>(now.records() - before.records()) / seconds : 0;
}

// The first stage that waits, and read nothing meanwhile.
std::string waiting_text(const job_metrics& before, const job_metrics& now) {
  for (std::size_t i = 0; i < now.stages.size(); ++i)
    if (const stage_metrics& s = now.stages[i];
        !s.waiting_for.empty() &&
        s.records_in == (i < before.stages.size() ? before.stages[i].records_in : 0))
      return fmt::format("  {} is waiting: {}", s.name, s.waiting_for);
  return {};
}

} // namespace

std::string progress_text(const job_metrics& before, const job_metrics& now, std::size_t columns) {
  std::string text = fmt::format("{}  {} records  {}/s", clock_text(now.elapsed),
                                 grouped(now.records()), compact(rate_between(before, now)));
  if (now.has_latency)
    text += "  p99 " + duration_text(std::chrono::nanoseconds{now.latency_p99});
  if (now.dead_letters > 0)
    text += fmt::format("  {} dead letter{}", grouped(now.dead_letters),
                        now.dead_letters == 1 ? "" : "s");
  if (const auto stalls = stalls_between(before, now); !stalls.empty())
    text +=
        fmt::format("  bottleneck {} ({})", stalls.front().edge->to, percent(stalls.front().share));
  else if (const auto busiest = busiest_between(before, now))
    text += fmt::format("  bottleneck {} (busy {})", busiest->stage->name, percent(busiest->share));
  if (const stage_metrics* paused = longest_paused(now))
    text += fmt::format("  {} paused for {}", paused->name, duration_text(paused->paused));
  text += waiting_text(before, now);
  if (const auto stages = held_back(now); !stages.empty())
    text += "  " + text_of(stages.front());
  return cut(text, columns);
}

bool is_live_terminal(std::FILE* stream) {
  const char* const kind = std::getenv("TERM");
  return isatty(fileno(stream)) != 0 && kind && std::string_view(kind) != "dumb";
}

progress_line::progress_line(std::FILE* stream)
    : stream_(stream), live_(is_live_terminal(stream)), recent_(1) {}

std::chrono::milliseconds progress_line::interval() const { return live_ ? 200ms : 1000ms; }

void progress_line::show(job_metrics now) {
  while (recent_.size() > 1 && now.elapsed - recent_[1].elapsed >= 1s)
    recent_.pop_front();
  const job_metrics& before = recent_.front();
  const std::string text =
      live_ // one column stays free: a full line would wrap
          ? fmt::format("\r{}\x1b[K", progress_text(before, now, columns_of(stream_) - 1))
          : progress_text(before, now, std::string::npos) + '\n';
  std::fputs(text.c_str(), stream_);
  std::fflush(stream_);
  recent_.push_back(std::move(now));
}

void progress_line::clear() {
  if (live_)
    std::fputs("\r\x1b[K", stream_);
  std::fflush(stream_);
}

} // namespace leat
