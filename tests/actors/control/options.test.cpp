#include <leat/control/options.hpp>

#include "support/catch.hpp"

using namespace leat;

namespace {

struct everything {
  std::string text = "before";
  std::int64_t whole = -7;
  std::uint64_t natural = 7;
  double number = 0.5;
  bool flag = false;
  std::vector<std::string> list;
  option_set set;

  everything() {
    set.add("--text FILE", text, "a text");
    set.add("-w,--whole", whole, "a whole number");
    set.add("--natural N", natural, "a number from 0 up");
    set.add("--number SHARE", number, "any number").under("Numbers");
    set.add("--flag", flag, "yes or no");
    set.add("--list ITEM", list, "several");
  }

  result<parsed> parse(const std::vector<std::string>& arguments) { return set.parse(arguments); }
  std::string fault(const std::vector<std::string>& arguments) {
    const auto found = parse(arguments);
    return found ? "none" : to_string(found.error());
  }
};

} // namespace

TEST_CASE("options reach their variables") {
  everything e;
  const auto found = e.parse({"--text", "a b", "-w", "-12", "--natural=18446744073709551615",
                              "--number", "1e-3", "--flag", "--list", "x", "--list=y=z"});
  REQUIRE(found);
  CHECK(*found == parsed::options);
  CHECK(e.text == "a b");
  CHECK(e.whole == -12);
  CHECK(e.natural == 18446744073709551615U);
  CHECK(e.number == 1e-3);
  CHECK(e.flag);
  CHECK(e.list == std::vector<std::string>{"x", "y=z"});
}

TEST_CASE("what is not given keeps its default") {
  everything e;
  REQUIRE(e.parse({}));
  CHECK(e.text == "before");
  CHECK(e.whole == -7);
  CHECK(!e.flag);
  CHECK(e.list.empty());
}

TEST_CASE("values are taken as they are") {
  everything e;
  REQUIRE(e.parse({"--text", "[a,b]", "--list", "[x,y]", "--list", "{}"}));
  CHECK(e.text == "[a,b]");
  CHECK(e.list == std::vector<std::string>{"[x,y]", "{}"});
}

TEST_CASE("a list takes one value each time") {
  everything e;
  CHECK(e.fault({"--list", "x", "y"}) == "unexpected argument \"y\"\n"
                                         "  hint: options begin with --, and each takes one value");
}

TEST_CASE("wrong values are named") {
  everything e;
  CHECK(e.fault({"--natural", "x"}) == "--natural: \"x\" is not a whole number");
  CHECK(e.fault({"--whole", "5x"}) == "--whole: \"5x\" is not a whole number");
  CHECK(e.fault({"--natural", "-1"}) == "--natural: -1 does not fit in uint64");
  CHECK(e.fault({"--number", "1,5"}) == "--number: \"1,5\" is not a number");
  CHECK(e.fault({"--number", "nan"}) == "--number: \"nan\" is not a number to work with");
  CHECK(e.fault({"--flag=perhaps"}) == "--flag: \"perhaps\" is not true or false");
  CHECK(e.fault({"--text"}) == "--text needs a value");
  CHECK(e.fault({"--text", "a", "--text", "b"}) == "--text is given 2 times\n"
                                                   "  hint: it takes one value");
  CHECK(e.text == "before");
}

TEST_CASE("unknown names bring the nearest to mind") {
  everything e;
  CHECK(e.fault({"--txet", "a"}) == "unknown option \"--txet\"\n"
                                    "  hint: did you mean --text?");
  CHECK(e.fault({"--naturl=5"}) == "unknown option \"--naturl\"\n"
                                   "  hint: did you mean --natural?");
  CHECK(e.fault({"--something-else"}) == "unknown option \"--something-else\"\n"
                                         "  hint: --help lists the options");
  CHECK(e.fault({"-x"}) == "unknown option \"-x\"\n"
                           "  hint: --help lists the options");
  CHECK(e.fault({"--"}).starts_with("unexpected argument"));
}

TEST_CASE("required options are asked for, but not of those who want help") {
  everything e;
  std::string model;
  e.set.add("--model FILE", model, "what scores").required();
  CHECK(e.fault({}) == "--model is missing\n"
                       "  hint: --model FILE: what scores");
  const auto found = e.parse({"--whole", "5", "--help"});
  REQUIRE(found);
  CHECK(*found == parsed::call_for_help);
  REQUIRE(e.parse({"--model", "m"}));
  CHECK(model == "m");
}

TEST_CASE("an option declared twice is our fault, not the user's") {
  everything e;
  e.set.add("--text FILE", e.text, "again");
  const auto found = e.parse({});
  REQUIRE(!found);
  CHECK(found.error().domain == error_domain::internal);
}

TEST_CASE("help groups options under headings and tells defaults") {
  everything e;
  std::string model = "ignored";
  e.set.add("--model FILE", model, "what scores").required();
  CHECK(e.set.help() == "\n"
                        "Options:\n"
                        "  --text FILE    a text (default: before)\n"
                        "  -w, --whole N  a whole number (default: -7)\n"
                        "  --natural N    a number from 0 up (default: 7)\n"
                        "  --flag         yes or no\n"
                        "  --list ITEM    several\n"
                        "  --model FILE   what scores (required)\n"
                        "\n"
                        "Numbers:\n"
                        "  --number SHARE  any number (default: 0.5)\n");
}
