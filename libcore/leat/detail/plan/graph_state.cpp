#include <leat/detail/plan/graph_state.hpp>

#include <leat/detail/stage/batching_stage.hpp>
#include <leat/detail/stage/merge_stage.hpp>
#include <leat/detail/transport/chain_branch.hpp>

namespace leat::detail {

namespace {

class merge_maker final : public stage_maker {
public:
  explicit merge_maker(const record_type& type) : type_(type) {}
  std::unique_ptr<leat::stage> make(const plan_stage& self) const override {
    return std::make_unique<merge_stage>(type_, self.make_output());
  }

private:
  const record_type& type_;
};

class batching_maker final : public stage_maker {
public:
  explicit batching_maker(const edge_type& type) : type_(type.layout), codec_(type.codec) {}
  std::unique_ptr<leat::stage> make(const plan_stage& self) const override {
    return std::make_unique<batching_stage>(type_, *self.batching, self.make_output(), codec_);
  }

private:
  const record_type& type_;
  const row_codec* codec_;
};

class direct_maker final : public branch_maker {
public:
  direct_maker(const record_type& type, routing by) : type_(type), by_(by) {}
  std::unique_ptr<branch> make(const plan_stage& self) const override {
    return std::make_unique<direct_branch>(type_, by_, edge, self.number_of(way));
  }

private:
  const record_type& type_;
  routing by_;
};

} // namespace

handle::handle(std::string graph) : state_(std::make_shared<graph_state>()) {
  state_->plan.name = std::move(graph);
}

plan& handle::finished_plan() const {
  leat::plan& p = state_->plan;
  p.loose_ends.clear();
  for (const auto& end : state_->ends)
    if (!end->used)
      p.loose_ends.push_back(end->text);
  p.number_branches();
  return p;
}

std::size_t handle::add(plan_stage s, std::unique_ptr<stage_maker> maker) const {
  const std::size_t number = plan().stages.size();
  s.maker = std::move(maker);
  s.output = std::make_shared<plan_output>();
  s.output->stage = number;
  s.output->way = {0};
  plan().stages.push_back(std::move(s));
  return number;
}

std::size_t handle::add_merge(std::string name, const record_type& type,
                              std::size_t parallelism) const {
  plan_stage s;
  s.name = std::move(name);
  s.kind = kinds::merge;
  s.parallelism = parallelism;
  return add(std::move(s), std::make_unique<merge_maker>(type));
}

std::size_t handle::add_batching(std::string name, const edge_type& type, any_batching batching,
                                 std::size_t parallelism) const {
  plan_stage s;
  s.name = std::move(name);
  s.kind = kinds::batching;
  s.parallelism = parallelism;
  s.batching = batching;
  s.verbs = {batching_verb};
  return add(std::move(s), std::make_unique<batching_maker>(type));
}

handle handle::output_of(std::size_t number, std::string text) const {
  if (text.empty())
    text = "the output of stage \"" + stage(number).name + "\"";
  return at(std::move(text), stage(number).output);
}

handle handle::side(const std::string& name, std::unique_ptr<side_port> (*make)(fanout)) const {
  auto out = std::make_shared<plan_output>();
  out->stage = origin_->from->stage;
  plan_stage& from = stage(out->stage);
  if (!from.kind.may_have_sides)
    from.faults.push_back(user_error("stage \"" + from.name + "\" has no side outputs",
                                     "side(name) goes on what process() returns"));
  out->way = {static_cast<std::uint32_t>(from.sides.size() + 1)};
  if (!from.sides.emplace(name, plan_side{out, make}).second)
    from.faults.push_back(
        user_error("side output \"" + name + "\" of \"" + from.name + "\" is asked for twice",
                   "keep the handle: it may be used several times"));
  return at("side output \"" + name + "\" of \"" + from.name + "\"", std::move(out));
}

handle handle::after(std::string step) const {
  origin_->used = true;
  handle next = at("the stream after " + step, origin_->from);
  next.origin_->steps = origin_->steps;
  next.origin_->steps.push_back(std::move(step));
  return next;
}

void handle::feed(std::size_t to, routing by, const edge_type& type,
                  std::unique_ptr<branch_maker> branch, std::size_t input) const {
  origin_->used = true;
  branch->way = origin_->from->next_way();
  branch->edge = plan().edges.size();
  plan().edges.push_back(
      {origin_->from->stage, to, by, type.name, origin_->steps, type.codec, branch->way, input});
  origin_->from->branches.push_back(std::move(branch));
}

void handle::feed(std::size_t to, routing by, const edge_type& type) const {
  feed(to, by, type, std::make_unique<direct_maker>(type.layout, by));
}

handle handle::at(std::string text, std::shared_ptr<plan_output> from) const {
  auto next = std::make_shared<origin>(origin{std::move(text), false, std::move(from)});
  state_->ends.push_back(next);
  return {state_, std::move(next)};
}

void handle::seal(std::unique_ptr<fork_maker> maker) const {
  if (!maker)
    return void(origin_->sealed = origin_->from);
  auto fork = std::make_shared<plan_output>();
  fork->stage = origin_->from->stage;
  fork->way = maker->way = origin_->from->next_way();
  maker->fork = fork;
  origin_->from->branches.push_back(std::move(maker));
  origin_->sealed = std::move(fork);
}

// Not an end of its own: the handle was used, and each use of it is one.
handle handle::at_seal() const {
  origin_->used = true;
  return {state_,
          std::make_shared<origin>(origin{origin_->text, true, origin_->sealed, origin_->steps})};
}

} // namespace leat::detail
