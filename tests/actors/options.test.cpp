#include <leat/options.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

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
  CHECK(e.fault({"--natural", "-1"}) == "--natural: -1 is below 0");
  CHECK(e.fault({"--natural", "18446744073709551616"}) ==
        "--natural: 18446744073709551616 is too large");
  CHECK(e.fault({"--number", "1,5"}) == "--number: \"1,5\" is not a number");
  CHECK(e.fault({"--number", "nan"}) == "--number: \"nan\" is not a finite number");
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

namespace {

/// A command with a configuration file; the file's path is left out of what is told.
struct configured {
  support::temporary_folder folder;
  std::string text = "before";
  std::uint64_t natural = 7;
  bool flag = false;
  std::vector<std::string> list, windows;
  std::string file;
  option_places places;
  option_set set, others;
  std::int64_t other = 0;

  configured() {
    set.add("-t,--text FILE", text, "a text").required();
    set.add("--natural N", natural, "a number from 0 up");
    set.add("--flag", flag, "yes or no");
    set.add("--list ITEM", list, "several");
    set.add("--window STAGE=SPEC", windows, "by stage");
    set.add("--config FILE", file, "a file").names_config();
    others.add("--other N", other, "of another command");
  }

  std::string parse(const std::string& toml, std::vector<std::string> arguments = {}) {
    const std::string path = folder.write("job.toml", toml);
    arguments.insert(arguments.end(), {"--config", path});
    const auto found = set.parse(arguments, {&others, &places});
    std::string told = found ? "" : to_string(found.error());
    if (const auto at = told.find(path); at != told.npos)
      told.replace(at, path.size(), "job.toml");
    return told;
  }
};
using texts = std::vector<std::string>;

} // namespace

TEST_CASE("a configuration file gives what the command line does not") {
  configured c;
  REQUIRE(c.parse("text = \"a\"\nnatural = 8\nflag = true\nlist = [\"x\", 2]\nother = 1\n"
                  "window = [\"first=batch\"]\n[stage.pane]\nwindow = \"record\"\n") == "");
  CHECK(c.text == "a");
  CHECK(c.natural == 8);
  CHECK(c.flag);
  CHECK(c.list == texts{"x", "2"});
  CHECK(c.windows == texts{"first=batch", "pane=record"});
  CHECK(c.other == 0);
}

TEST_CASE("the command line overrides the file; by stage, where it names one") {
  configured c;
  REQUIRE(c.parse("text = \"a\"\nnatural = \"no number\"\nflag = false\nlist = \"x\"\n"
                  "[stage.pane]\nwindow = \"record\"\n[stage.other]\nwindow = \"batch\"\n",
                  {"-t", "b", "--natural=9", "--list", "y", "--window", "pane=every:1s"}) == "");
  CHECK(c.text == "b");
  CHECK(c.natural == 9);
  CHECK_FALSE(c.flag);
  CHECK(c.list == texts{"y"});
  CHECK(c.windows == texts{"pane=every:1s", "other=batch"});
}

TEST_CASE("what is wrong with a file's values is told with their place") {
  for (const auto& [toml, expected] : std::vector<std::pair<std::string, std::string>>{
           {"text = \"a\"\nnatral = 1\n",
            "job.toml:2:1: unknown key \"natral\"\n  hint: did you mean natural?"},
           {"text = \"a\"\nzzz = 1\n",
            "job.toml:2:1: unknown key \"zzz\"\n  hint: keys are the names of options without --; "
            "--help lists them"},
           {"text = \"a\"\nnatural = -1\n", "job.toml:2:1: --natural: "},
           {"text = [\"a\", \"b\"]\n", "job.toml:1:1: --text is given 2 times"},
           {"text = \"a\"\nflag = 1\n", "job.toml:2:1: flag must be true or false"},
           {"text = true\n", "job.toml:1:1: text takes a value, not true or false"},
           {"[stage.pane]\ntext = \"a\"\n", "job.toml:2:1: text is not an option of a stage"},
           {"config = \"b.toml\"\n", "job.toml:1:1: config cannot be set in a configuration file"},
           {"natural = 1\n", "--text is missing"},
           {"text = \n", "job.toml:1:"}}) {
    configured c;
    INFO(toml);
    CHECK(c.parse(toml).substr(0, expected.size()) == expected);
  }
  everything e;
  CHECK(e.fault({"--config", "x"}) ==
        "unknown option \"--config\"\n  hint: --help lists the options");
}

TEST_CASE("later faults find the place of their value") {
  configured c;
  REQUIRE(c.parse("text = \"a\"\n[stage.pane]\nwindow = \"x\"\n[stage.pan]\nwindow = \"y\"\n") ==
          "");
  const auto told = [&](std::string what) {
    const std::string text = placed(user_error(std::move(what)), c.places).what;
    return text.find("job.toml") == text.npos ? text : text.substr(text.find("job.toml"));
  };
  CHECK(told("--text: bad") == "job.toml:1:1: --text: bad");
  CHECK(told("--window pane: bad") == "job.toml:3:1: --window pane: bad");
  CHECK(told("--window pan: bad") == "job.toml:5:1: --window pan: bad");
  CHECK(told("--natural: bad") == "--natural: bad");
}

namespace {

/// Options of which some name files, and the folder with the files.
struct with_files {
  std::string model;
  std::vector<std::string> tables;
  std::string out;
  std::string config;
  option_set set;
  support::temporary_folder folder;

  explicit with_files(std::string usual_model = {}) : model(std::move(usual_model)) {
    set.add("--model FILE", model, "sent").sent_to_workers();
    set.add("--table FILE", tables, "sent").sent_to_workers();
    set.add("--out FILE", out, "not sent");
    set.add("--config FILE", config, "sent").names_config();
  }
  texts sent(const texts& arguments) const {
    texts found;
    REQUIRE(set.parse(arguments, {nullptr, nullptr, nullptr, &found}));
    return found;
  }
  bool receive(const texts& arguments, const std::map<std::string, std::string>& received) const {
    return static_cast<bool>(set.parse(arguments, {nullptr, nullptr, &received, nullptr}));
  }
};

} // namespace

TEST_CASE("files that options name are sent: there, regular, and named where it may be") {
  with_files w;
  const std::string a = w.folder.write("a", "1");
  const std::string b = w.folder.write("b", "2");
  CHECK(w.sent({"--model", a, "--table", b, "--table=" + a, "--out", b}) == texts{a, b, a});
  CHECK(w.model == a);
  CHECK(w.sent({"--model", w.folder / "none", "--table", w.folder.path()}).empty());
  const std::string job =
      w.folder.write("job.toml", "model = '" + b + "'\ntable = ['" + a + "']\nout = '" + a + "'\n");
  CHECK(w.sent({"--config", job}) == texts{job, b, a});
  CHECK(w.sent({"--config", job, "--model", a}) == texts{job, a, a});
}

TEST_CASE("files that were received are read where they are") {
  with_files w;
  const std::string job = w.folder.write("cached", "model = 'far/b'\nout = 'far/a'\n");
  REQUIRE(w.receive({"--config", "job.toml", "--table", "far/a", "--table", "far/c"},
                    {{"job.toml", job}, {"far/a", "/cache/1"}, {"far/b", "/cache/2"}}));
  CHECK(w.config == job);
  CHECK(w.model == "/cache/2");
  CHECK(w.tables == texts{"/cache/1", "far/c"});
  CHECK(w.out == "far/a"); // a result, not a file that was sent
  CHECK_FALSE(w.receive({"--config", "job.toml"}, {}));
}

TEST_CASE("a file that is named by default is sent and received like one that is given") {
  with_files there("far/model");
  REQUIRE(there.receive({}, {{"far/model", "/cache/1"}}));
  CHECK(there.model == "/cache/1");
  with_files here;
  here.model = here.folder.write("model", "1");
  CHECK(here.sent({}) == texts{here.folder / "model"});
}
