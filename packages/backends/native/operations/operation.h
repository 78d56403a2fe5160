// TensorFlow's C interface for own operations, with less ceremony. Everything here is float32.
#pragma once

#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace gpd {

class Status {
 public:
  Status() : status_(TF_NewStatus()) {}
  ~Status() { TF_DeleteStatus(status_); }
  operator TF_Status*() const { return status_; }
  void check() const {
    if (TF_GetCode(status_) != TF_OK) throw std::runtime_error(TF_Message(status_));
  }

 private:
  TF_Status* const status_;
};

// A tensor that goes into an operation or comes out of it.
class Tensor {
 public:
  explicit Tensor(TF_Tensor* tensor) : tensor_(tensor) {}
  Tensor(Tensor&& other) : tensor_(other.tensor_) { other.tensor_ = nullptr; }
  Tensor(const Tensor&) = delete;
  ~Tensor() {
    if (tensor_ != nullptr) TF_DeleteTensor(tensor_);
  }

  float* data() const { return static_cast<float*>(TF_TensorData(tensor_)); }
  int rank() const { return TF_NumDims(tensor_); }
  int64_t size(int axis) const { return TF_Dim(tensor_, axis); }
  int64_t count() const { return TF_TensorElementCount(tensor_); }
  std::vector<int64_t> shape() const {
    std::vector<int64_t> sizes(rank());
    for (int i = 0; i < rank(); i++) sizes[i] = size(i);
    return sizes;
  }

  // Becomes an output of another shape: the same numbers, not a copy.
  void share(TF_OpKernelContext* context, const std::vector<int64_t>& shape, int output) const {
    Status status;
    const Tensor other(TF_AllocateTensor(TF_FLOAT, nullptr, 0, sizeof(float)));
    TF_TensorBitcastFrom(tensor_, TF_FLOAT, other.tensor_, shape.data(), static_cast<int>(shape.size()), status);
    status.check();
    TF_SetOutput(context, output, other.tensor_, status);
    status.check();
  }

 private:
  TF_Tensor* tensor_;
};

// One call of an operation.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context) {}

  int inputs() const { return TF_NumInputs(context_); }

  Tensor input(int i) const {
    Status status;
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, i, &tensor, status);
    status.check();
    return Tensor(tensor);
  }

  Tensor output(int i, const std::vector<int64_t>& shape) const {
    Status status;
    size_t bytes = sizeof(float);
    for (int64_t size : shape) bytes *= size;
    TF_Tensor* tensor =
        TF_AllocateOutput(context_, i, TF_FLOAT, shape.data(), static_cast<int>(shape.size()), bytes, status);
    status.check();
    return Tensor(tensor);
  }

  // The numbers of an input as an output of another shape.
  void share(const Tensor& tensor, const std::vector<int64_t>& shape, int i) const { tensor.share(context_, shape, i); }

 private:
  TF_OpKernelContext* const context_;
};

// The inputs from `first` on.
inline std::vector<Tensor> inputs_from(const Call& call, int first) {
  std::vector<Tensor> tensors;
  for (int i = first; i < call.inputs(); i++) tensors.push_back(call.input(i));
  return tensors;
}

// Values of an operation's attributes.
class Attributes {
 public:
  explicit Attributes(TF_OpKernelConstruction* construction) : construction_(construction) {}

  bool flag(const char* name) const {
    Status status;
    TF_Bool value = 0;
    TF_OpKernelConstruction_GetAttrBool(construction_, name, &value, status);
    status.check();
    return value != 0;
  }
  float number(const char* name) const {
    Status status;
    float value = 0;
    TF_OpKernelConstruction_GetAttrFloat(construction_, name, &value, status);
    status.check();
    return value;
  }
  int64_t integer(const char* name) const {
    Status status;
    int64_t value = 0;
    TF_OpKernelConstruction_GetAttrInt64(construction_, name, &value, status);
    status.check();
    return value;
  }
  std::vector<int64_t> integers(const char* name) const {
    Status status;
    int32_t size = 0, bytes = 0;
    TF_OpKernelConstruction_GetAttrSize(construction_, name, &size, &bytes, status);
    status.check();
    std::vector<int64_t> values(size);
    TF_OpKernelConstruction_GetAttrInt64List(construction_, name, values.data(), size, status);
    status.check();
    return values;
  }

 private:
  TF_OpKernelConstruction* const construction_;
};

// Registers `Operation`: a struct that is made from its Attributes and called with a Call.
// Inputs, outputs and attributes are spelled as TensorFlow does: "x: T", "xs: n * T", "epsilon: float". T is float32.
template <typename Operation>
void define_operation(const char* name, std::initializer_list<const char*> inputs,
                      std::initializer_list<const char*> outputs, std::initializer_list<const char*> attributes = {}) {
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(name);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  TF_OpDefinitionBuilderAddAttr(definition, "T: {float}");
  for (const char* attribute : attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, &TF_ShapeInferenceContextSetUnknownShape);
  Status status;
  TF_RegisterOpDefinition(definition, status);
  status.check();

  const auto create = [](TF_OpKernelConstruction* construction) -> void* {
    try {
      return new Operation(Attributes(construction));
    } catch (const std::exception& error) {
      Status failed;
      TF_SetStatus(failed, TF_INVALID_ARGUMENT, error.what());
      TF_OpKernelConstruction_Failure(construction, failed);
      return nullptr;
    }
  };
  const auto compute = [](void* operation, TF_OpKernelContext* context) {
    try {
      (*static_cast<const Operation*>(operation))(Call(context));
    } catch (const std::exception& error) {
      Status failed;
      TF_SetStatus(failed, TF_INVALID_ARGUMENT, error.what());
      TF_OpKernelContext_Failure(context, failed);
    }
  };
  const auto destroy = [](void* operation) { delete static_cast<Operation*>(operation); };
  TF_KernelBuilder* kernel = TF_NewKernelBuilder(name, "CPU", create, compute, destroy);
  TF_RegisterKernelBuilder(name, kernel, status);
  status.check();
}

}  // namespace gpd
