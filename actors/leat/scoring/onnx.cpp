#include <leat/scoring/onnx.hpp>

#include <fmt/format.h>
#include <onnxruntime_cxx_api.h>

#include <cstdint>

namespace leat {
namespace {

/// One for the process, as the runtime wants it. Never destroyed: models may live as long.
Ort::Env& environment() {
  static auto& env = *new Ort::Env(ORT_LOGGING_LEVEL_FATAL, "leat");
  return env;
}

Ort::SessionOptions on_one_thread() {
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(1);
  options.SetInterOpNumThreads(1);
  options.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
  return options;
}

/// Whether it is a tensor of floats; and if so, its dimensions, where what is open is below 1.
bool is_floats(const Ort::TypeInfo& type, std::vector<std::int64_t>& dimensions) {
  if (type.GetONNXType() != ONNX_TYPE_TENSOR)
    return false;
  const auto tensor = type.GetTensorTypeAndShapeInfo();
  dimensions = tensor.GetShape();
  return tensor.GetElementType() == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}

std::string reason_of(const Ort::Exception& e) {
  return fmt::format("ONNX Runtime refuses it: {:.300}", e.what());
}

} // namespace

struct onnx_session::session {
  Ort::Session run;
  std::string input;
  std::string output;
  std::size_t width = 0;

  explicit session(std::string_view bytes)
      : run(environment(), bytes.data(), bytes.size(), on_one_thread()) {
    find_input();
    find_output();
  }

  void find_input() {
    std::vector<std::int64_t> dimensions;
    if (run.GetInputCount() != 1 || !is_floats(run.GetInputTypeInfo(0), dimensions) ||
        dimensions.size() != 2 || dimensions[1] < 1)
      throw failure(user_error("it does not have one input of floats, [rows, features]",
                               "export the model with one such input of a fixed width"));
    if (dimensions[0] > 0)
      throw failure(
          user_error(fmt::format("its input takes {} rows and no other number", dimensions[0]),
                     "export the model with an open first dimension"));
    input = run.GetInputNameAllocated(0, Ort::AllocatorWithDefaultOptions()).get();
    width = static_cast<std::size_t>(dimensions[1]);
  }

  void find_output() {
    std::vector<std::int64_t> dimensions;
    std::size_t candidates = 0;
    for (std::size_t i = 0; i < run.GetOutputCount(); ++i)
      if (is_floats(run.GetOutputTypeInfo(i), dimensions)) {
        output = run.GetOutputNameAllocated(i, Ort::AllocatorWithDefaultOptions()).get();
        ++candidates;
      }
    if (candidates != 1)
      throw failure(
          user_error(fmt::format("{} of its {} outputs are tensors of floats; one has to be",
                                 candidates, run.GetOutputCount()),
                     "export the model with its scores as the only such output (skl2onnx: "
                     "options={'zipmap': False})"));
  }

  /// The output for rows: a tensor of [rows] or [rows, scores].
  Ort::Value score(std::span<const float> rows) {
    const std::array<std::int64_t, 2> shape = {static_cast<std::int64_t>(rows.size() / width),
                                               static_cast<std::int64_t>(width)};
    const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
    const auto tensor = Ort::Value::CreateTensor<float>(memory, const_cast<float*>(rows.data()),
                                                        rows.size(), // inputs are only read
                                                        shape.data(), shape.size());
    const char* const inputs[] = {input.c_str()};
    const char* const outputs[] = {output.c_str()};
    auto values = run.Run(Ort::RunOptions{nullptr}, inputs, &tensor, 1, outputs, 1);
    return std::move(values.front());
  }
};

void onnx_session::release::operator()(session* s) const { delete s; }

result<onnx_session> onnx_session::load(const std::string& path) {
  const auto bytes = read_model_file(path);
  if (!bytes)
    return bytes.error();
  try {
    onnx_session model(session_ptr(new session(*bytes)));
    // A first row tells how many scores there are, and what the runtime does not do at all.
    const std::vector<float> row(model.session_->width);
    const auto first = model.session_->score(row).GetTensorTypeAndShapeInfo().GetShape();
    if (first.empty() || first[0] != 1 || first.size() > 2 || (first.size() == 2 && first[1] < 1))
      return in_model(path,
                      user_error(fmt::format("its output '{}' is not [rows] or [rows, scores]",
                                             model.session_->output)));
    const std::size_t outputs = first.size() == 2 ? static_cast<std::size_t>(first[1]) : 1;
    model.shape_ = {path, "ONNX", row.size(), outputs, {}};
    model.identity_ = identity_of_file(path, *bytes);
    return model;
  } catch (const failure& e) {
    return in_model(path, e.error());
  } catch (const Ort::Exception& e) {
    return in_model(path, user_error(reason_of(e)));
  }
}

void onnx_session::predict(std::span<const float> rows, std::span<float> scores) const {
  if (shape_.rows_in(rows.size(), scores.size()) == 0)
    return;
  try {
    const auto got = session_->score(rows);
    const std::size_t size = got.GetTensorTypeAndShapeInfo().GetElementCount();
    if (size != scores.size())
      throw failure(
          internal_error(fmt::format("model '{}': ONNX Runtime gives {} scores instead of {}",
                                     shape_.name, size, scores.size())));
    std::copy_n(got.GetTensorData<float>(), size, scores.begin());
  } catch (const Ort::Exception& e) {
    throw failure(user_error(reason_of(e)));
  }
}

} // namespace leat
