#include "by_hand.hpp"

namespace bench {

namespace {
class map_filter_sum_consumer final : public consumer {
public:
  explicit map_filter_sum_consumer(std::uint64_t& sum) : sum_(sum) {}
  void push(const item& record) override {
    const item m = mapped(record);
    if (kept(m))
      sum_ += weight(m);
  }

private:
  std::uint64_t& sum_;
};
} // namespace

std::unique_ptr<consumer> map_filter_sum(std::uint64_t& sum) {
  return std::make_unique<map_filter_sum_consumer>(sum);
}

} // namespace bench
