#include <leat/internal/trust/credentials.hpp>

#include "support/program.hpp"

#include <fmt/format.h>

using namespace leat;
using namespace support;

namespace {

outcome certs(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "certs");
  return scoring(std::move(arguments));
}

} // namespace

TEST_CASE("the command certs explains itself") {
  CHECK(certs({"--help"}).out == "scoring certs: make the certificates of a cluster\n"
                                 "\n"
                                 "Usage: scoring certs COMMAND [OPTIONS]\n"
                                 "\n"
                                 "Commands:\n"
                                 "  init   make the authority that signs certificates\n"
                                 "  issue  make the certificate of a node\n"
                                 "\n"
                                 "scoring certs COMMAND --help lists the options of a command.\n");
  CHECK(certs({"init", "--help"}).out ==
        "scoring certs init [OPTIONS]: make the authority that signs certificates\n"
        "\n"
        "Options:\n"
        "  --dir DIR       directory for the files; created if missing (required)\n"
        "  --cluster NAME  name of the cluster (default: scoring)\n"
        "  --days N        how long the authority is valid (default: 365)\n");
  CHECK(certs({"issue", "--help"}).out ==
        "scoring certs issue [OPTIONS]: make the certificate of a node\n"
        "\n"
        "Options:\n"
        "  --dir DIR    directory of the authority (required)\n"
        "  --name NAME  name of the node (required)\n"
        "  --days N     how long the certificate is valid (default: 90)\n");
}

TEST_CASE("certificates are made by two commands, which say what goes where") {
  const scratch_folder here;
  const outcome made = certs({"init", "--dir", "made"});
  CHECK(made.err.empty());
  CHECK(made.code == exit_done);
  CHECK(made.out == "made/ca.pem  certificate of the authority of \"scoring\", valid for 365 days\n"
                    "made/ca.key  its key, which can make certificates: copy it to no other host\n"
                    "next         for each node: scoring certs issue --dir made --name NAME\n");
  const outcome issued = certs({"issue", "--dir", "made", "--name", "node-1"});
  CHECK(issued.err.empty());
  CHECK(issued.code == exit_done);
  CHECK(issued.out ==
        "made/node-1.pem  certificate of the node \"node-1\", valid for 90 days\n"
        "made/node-1.key  its key, for the node's user alone: keep mode 600\n"
        "next             copy ca.pem, node-1.pem and node-1.key to the host of \"node-1\"; ca.key "
        "stays here\n");
  const auto loaded = credentials::load("made", "node-1");
  REQUIRE(loaded);
  CHECK(loaded->own() == node_identity{"node-1", "scoring"});

  CHECK(certs({"init", "--dir", "other", "--cluster", "test"}).code == exit_done);
  CHECK(certs({"issue", "--dir", "other", "--name", "a", "--days", "1"}).code == exit_done);
  REQUIRE(credentials::load("other", "a"));
  CHECK(credentials::load("other", "a")->own().cluster == "test");
}

TEST_CASE("certs refuses what it cannot do, and says how to go on") {
  struct wrong {
    std::vector<std::string> arguments;
    std::string error;
    std::string hint;
  };
  const scratch_folder here;
  REQUIRE(certs({"init", "--dir", "."}).code == exit_done);
  REQUIRE(certs({"issue", "--dir", ".", "--name", "a"}).code == exit_done);
  const std::string letters = "beginning with a letter or digit";
  const std::vector<wrong> all = {
      {{}, "certs: no command", "one of: init, issue"},
      {{"sign"}, "certs: unknown command \"sign\"", "one of: init, issue"},
      {{"init"}, "--dir is missing", "--dir DIR: directory for the files; created if missing"},
      {{"issue", "--dir", "."}, "--name is missing", "--name NAME: name of the node"},
      {{"init", "--dir", "."},
       "\"./ca.key\" exists, and is not replaced",
       "choose another folder, or move the old key and certificate away"},
      {{"init", "--dir", "new", "--days", "0"}, "--days: 0 is not between 1 and 3650", ""},
      {{"init", "--dir", "new", "--cluster", "my cluster"},
       "--cluster: invalid cluster name \"my cluster\"",
       "1 to 50 of A-Z, a-z, 0-9, '.', '_' and '-', " + letters},
      {{"init", "--dir", "no/new"},
       "cannot write \"no/new/ca.key\": there is no folder \"no/new\"",
       "create the folder first"},
      {{"issue", "--dir", ".", "--name", "a"},
       "\"./a.key\" exists, and is not replaced",
       "choose another folder, or move the old key and certificate away"},
      {{"issue", "--dir", ".", "--name", "A"},
       "--name: invalid node name \"A\"",
       "1 to 63 of a-z, 0-9, '.' and '-', " + letters},
      {{"issue", "--dir", ".", "--name", "b", "--days", "3651"},
       "--days: 3651 is not between 1 and 3650",
       ""},
      {{"issue", "--dir", "new", "--name", "a"},
       "cannot read \"new/ca.pem\": No such file or directory",
       "certs init makes ca.pem, certs issue makes NAME.pem and NAME.key"}};
  for (const wrong& w : all) {
    INFO(fmt::format("{}", fmt::join(w.arguments, " ")));
    const outcome told = certs(w.arguments);
    CHECK(told.code == exit_refused);
    CHECK(told.out.empty());
    CHECK(told.err == fmt::format("scoring: error: {}\n{}", w.error,
                                  w.hint.empty() ? "" : fmt::format("  hint: {}\n", w.hint)));
  }
  CHECK(!std::filesystem::exists("new"));
}
