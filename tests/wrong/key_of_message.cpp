// error: a key is a number, an enum, a bool, a std::string, or a
// needs: google/protobuf/wrappers.pb.h
#include "program.hpp"

#include <google/protobuf/wrappers.pb.h>
#include <leat/protobuf/record.hpp>

int main() {
  leat::graph g("wrong");
  g.from("in", items{})
      .key_by([](const item& i) {
        google::protobuf::Int64Value message;
        message.set_value(i.id);
        return message;
      })
      .process("p", same{})
      .to("out", sink{});
}
