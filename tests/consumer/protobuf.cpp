// The core and Protobuf: a message as a record.
// prints {.*"name": *"payments".*}
#include <leat/json.hpp>
#include <leat/protobuf/record.hpp>

#include <cstdio>
#include <google/protobuf/api.pb.h>

int main() {
  google::protobuf::Mixin message;
  message.set_name("payments");
  std::string line;
  leat::append_json(line, message);
  std::puts(line.c_str());
}
