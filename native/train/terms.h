#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>

#include "losses/multibox.h"

namespace c10 {
class Event;
}

namespace ssd {

// A step as numbers, for the log. Losses are means over the step's batches, counts their sums.
struct StepResult {
  double total = 0, conf = 0, loc = 0;
  std::optional<double> soft, l2;
  int64_t num_positives = 0, unmatched = 0;
  std::optional<double> grad_norm;  // before clipping; where gradients are clipped
  std::optional<double> scale;      // of the loss, in fp16
  bool skipped = false;             // something was not finite: no weight was changed
};

// What the end of a step knows of its gradients.
struct Verdict {
  at::Tensor norm;   // [] over all gradients; may be undefined
  at::Tensor found;  // [1] 1 when the objective or a gradient is not finite, else 0
  at::Tensor scale;  // [] of the loss; undefined unless it is scaled
};

// A batch's terms as one row of float32, so that a step is fetched by one copy. Counts up to 2^24
// are exact.
at::Tensor pack_terms(const Losses& losses, const at::Tensor& unmatched);

// Whether the objectives of rows [n, terms] are all finite: [] bool.
at::Tensor objectives_are_finite(const at::Tensor& rows);

// Rows and verdict in one vector, and what it says once it is on the host.
at::Tensor pack_step(const at::Tensor& rows, const Verdict& verdict);
StepResult unpack_step(const at::Tensor& packed, bool distilled, bool clipped, bool scaled);

// Numbers on their way to the host. From the CPU they are there at once; from another device they
// come into pinned memory behind the work that makes them, and nobody waits before `get`.
class Late {
 public:
  explicit Late(const at::Tensor& numbers);

  bool ready() const { return event_ == nullptr; }
  // Waits for them, and with them for all that was queued on the stream before.
  at::Tensor get() const;

 private:
  at::Tensor host_;
  std::shared_ptr<c10::Event> event_;
};

}  // namespace ssd
