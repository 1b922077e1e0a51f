#include "losses/multibox.h"

#include <ATen/OpMathType.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <tuple>

#include "core/check.h"

namespace ssd {

namespace {

using Tensor = at::Tensor;
using Op = std::tuple<Tensor, Tensor, Tensor, Tensor>(const Tensor&, const Tensor&,
                                                      const std::optional<Tensor>&,
                                                      const std::optional<Tensor>&, const Tensor&,
                                                      const Tensor&, const Tensor&, const Tensor&,
                                                      const Tensor&, at::ArrayRef<double>);

void check(const Output& output, const Tensor& truth, const std::string& whose) {
  const auto name = [&](const char* what) { return whose + what; };
  check_floating(output.conf, name("conf").c_str());
  check_shape(output.conf, {truth.size(0), truth.size(1), -1}, name("conf").c_str());
  check_shape(output.loc, {truth.size(0), truth.size(1), 4}, name("loc").c_str());
  check_same_type(output.loc, output.conf, name("loc and conf").c_str());
  check_same_device(output.conf, truth, name("conf and matched truths").c_str());
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(ssd_distill, m) {
  m.def(
      "multibox(Tensor loc, Tensor conf, Tensor? teacher_loc, Tensor? teacher_conf, Tensor truth, "
      "Tensor positives, Tensor boxes, Tensor labels, Tensor priors, float[] options) -> (Tensor "
      "terms, Tensor num_positives, Tensor grad_loc, Tensor grad_conf)");
}

Losses multibox_loss(const Output& student, const std::optional<Output>& teacher,
                     const Targets& targets, const Tensor& priors, const Matched& matched,
                     const LossOptions& options) {
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("ssd_distill::multibox", "").typed<Op>();
  check(student, matched.truth, "");
  const auto exact = at::toOpMathType(student.conf.scalar_type());
  std::optional<Tensor> teacher_loc, teacher_conf;
  if (teacher) {
    check(*teacher, matched.truth, "the teacher's ");
    check_shape(teacher->conf, student.conf.sizes().vec(), "the teacher's conf");
    const auto type = student.conf.scalar_type();
    teacher_loc = teacher->loc.detach().to(type).contiguous();
    teacher_conf = teacher->conf.detach().to(type).contiguous();
  }
  const auto [terms, num_positives, grad_loc, grad_conf] =
      op.call(student.loc.detach().contiguous(), student.conf.detach().contiguous(), teacher_loc,
              teacher_conf, matched.truth, matched.positives, targets.boxes.to(exact).contiguous(),
              targets.labels.contiguous(), priors.to(exact).contiguous(), to_numbers(options));
  Losses out{terms.select(0, 1), terms.select(0, 2), {},       {},
             terms.select(0, 0), num_positives,      grad_loc, grad_conf};
  if (teacher) {
    out.soft = terms.select(0, 3);
    out.l2 = terms.select(0, 4);
  }
  return out;
}

}  // namespace ssd
