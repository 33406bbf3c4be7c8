// What happens to a stage's output inside its own actor: it is handed, frame by frame, to one or
// several branches. A branch runs its chain of fused steps and routes the result into a port, or
// into branches of its own where a stream was forked again.
#pragma once

#include <leat/detail/transport/port.hpp>

namespace leat {

/// One consumer of frames. Each call may leave it blocked; then it wants `resume` before more.
class branch {
public:
  virtual ~branch() = default;
  /// Takes a frame. Records it is through with it leaves in `f`, for the caller to use again.
  virtual void accept(frame& f) = 0;
  virtual void resume() = 0;
  virtual bool blocked() const = 0;
  /// No record up to this stamp, and nothing that descends from one, will be given any more.
  virtual void passed(const stamp& s) = 0;
  virtual void list_ports(std::vector<port*>& all) = 0;
};

/// All branches of one output.
class fanout {
public:
  /// `number`: that of this output among its stage's, if its records meet those of another again.
  explicit fanout(std::optional<std::uint32_t> number = {});
  fanout(fanout&&) noexcept;
  ~fanout();

  std::optional<std::uint32_t> number() const { return number_; }

  void add(std::unique_ptr<branch> b);

  void accept(frame& f);
  void resume();
  bool blocked() const;
  void passed(const stamp& s);
  void list_ports(std::vector<port*>& all);

private:
  std::optional<std::uint32_t> number_;
  std::vector<std::unique_ptr<branch>> branches_;
};

} // namespace leat
