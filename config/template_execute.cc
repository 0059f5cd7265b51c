// SPDX-License-Identifier: Apache-2.0
// Walks a template's tree over a value.
#include <algorithm>
#include <cerrno>
#include <deque>

#include "config/template_tree.h"
#include "sys/error.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr std::size_t kMaxOutput = std::size_t{16} << 20;
constexpr std::size_t kMaxSteps = 1'000'000;
constexpr std::size_t kMaxMade = std::size_t{64} << 20;  // bytes of texts on the way

using Kind = TemplateOperand::Kind;

struct Variable {
  std::string name;
  const Json* value;
};

enum class Flow { kGoesOn, kBreak, kContinue };

class Executor {
 public:
  Executor(std::string_view source, const Json& data, bool keeps_titles)
      : source_(source), keeps_titles_(keeps_titles) {
    variables_.push_back({"$", &data});
  }

  std::string run(const std::vector<TemplateNode>& nodes, const Json& data) {
    (void)walk(nodes, data);
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(std::size_t at, std::string_view problem) const {
    fail_template(source_, at, problem);
  }

  [[noreturn]] void fail(const TemplateOperand& operand, std::string_view problem) const {
    fail(operand.at, sys::format("executing at <{}>: {}",
                                 source_.substr(operand.at, operand.end - operand.at), problem));
  }

  void step(std::size_t at) {
    if (++steps_ > kMaxSteps) fail(at, sys::format("more than {} steps", kMaxSteps));
  }

  const Json* keep(Json value) {
    if (const auto* text = std::get_if<std::string>(&value.value)) made_ += text->size();
    return &temporaries_.emplace_back(std::move(value));
  }

  template <typename T>
  const Json* keep_as(const T& value) {
    Json& kept = temporaries_.emplace_back();
    kept.value.emplace<T>(value);
    return &kept;
  }

  void append(std::string_view text, std::size_t at) {
    if (out_.size() + text.size() > kMaxOutput) {
      fail(at, sys::format("the text has more than {} bytes", kMaxOutput));
    }
    out_ += text;
  }

  Flow walk(const std::vector<TemplateNode>& nodes, const Json& dot) {
    for (const TemplateNode& node : nodes) {
      step(node.at);
      Flow flow = Flow::kGoesOn;
      switch (node.kind) {
        case TemplateNode::Kind::kText:
          append(node.text, node.at);
          break;
        case TemplateNode::Kind::kAction: {
          const Json* value = evaluate(node.pipeline, dot);
          if (node.pipeline.variables.empty()) append(display(*value), node.at);
          break;
        }
        case TemplateNode::Kind::kBreak:
          return Flow::kBreak;
        case TemplateNode::Kind::kContinue:
          return Flow::kContinue;
        default:
          flow = walk_block(node, dot);
      }
      if (flow != Flow::kGoesOn) return flow;
    }
    return Flow::kGoesOn;
  }

  Flow walk_block(const TemplateNode& node, const Json& dot) {
    const std::size_t known = variables_.size();
    Flow flow = Flow::kGoesOn;
    if (node.kind == TemplateNode::Kind::kRange) {
      flow = walk_range(node, dot);
    } else {
      const Json* value = evaluate(node.pipeline, dot);
      const bool is_with = node.kind == TemplateNode::Kind::kWith;
      flow = is_true(*value) ? walk(node.body, is_with ? *value : dot) : walk(node.otherwise, dot);
    }
    variables_.resize(known);
    return flow;
  }

  Flow walk_range(const TemplateNode& node, const Json& dot) {
    const std::vector<std::string>& names = node.pipeline.variables;
    const Json* range = evaluate_commands(node.pipeline, dot);
    const std::size_t known = variables_.size();
    bool is_empty = true;
    const auto visit = [&](const Json* key, const Json& element) {
      step(node.at);
      is_empty = false;
      variables_.resize(known);
      if (names.size() == 1) bind(node.pipeline, names[0], &element);
      if (names.size() == 2) {
        bind(node.pipeline, names[0], key);
        bind(node.pipeline, names[1], &element);
      }
      return walk(node.body, element) != Flow::kBreak;
    };
    if (const auto* array = std::get_if<Json::Array>(&range->value)) {
      for (std::size_t i = 0; i < array->size(); ++i) {
        if (!visit(keep_as(std::uint64_t{i}), (*array)[i])) break;
      }
    } else if (const auto* object = std::get_if<Json::Object>(&range->value)) {
      std::vector<const JsonMember*> members;
      for (const JsonMember& member : *object) members.push_back(&member);
      std::ranges::stable_sort(members, {}, &JsonMember::key);
      for (const JsonMember* member : members) {
        if (!visit(keep_as(member->key), member->value)) break;
      }
    } else if (!range->is_null()) {
      fail(node.pipeline.at, sys::format("range can't iterate over {}", display(*range)));
    }
    variables_.resize(known);
    return is_empty ? walk(node.otherwise, dot) : Flow::kGoesOn;
  }

  void bind(const TemplatePipeline& pipeline, const std::string& name, const Json* value) {
    if (pipeline.is_declaration) {
      variables_.push_back({name, value});
    } else {
      const auto found = std::find_if(variables_.rbegin(), variables_.rend(),
                                      [&](const Variable& known) { return known.name == name; });
      found->value = value;  // the parser knows that there is one
    }
  }

  const Json* evaluate(const TemplatePipeline& pipeline, const Json& dot) {
    const Json* value = evaluate_commands(pipeline, dot);
    for (const std::string& name : pipeline.variables) bind(pipeline, name, value);
    return value;
  }

  const Json* evaluate_commands(const TemplatePipeline& pipeline, const Json& dot) {
    const Json* value = nullptr;
    for (const TemplateCommand& command : pipeline.commands) {
      step(pipeline.at);
      const TemplateOperand& first = command.words.front();
      value = first.kind == Kind::kFunction ? call(command, value, dot) : evaluate(first, dot);
    }
    return value;
  }

  const Json* evaluate(const TemplateOperand& operand, const Json& dot) {
    const Json* value = &dot;
    switch (operand.kind) {
      case Kind::kDot:
        break;
      case Kind::kVariable:
        value = std::find_if(variables_.rbegin(), variables_.rend(), [&](const Variable& known) {
                  return known.name == operand.name;
                })->value;
        break;
      case Kind::kLiteral:
        value = &operand.literal;
        break;
      case Kind::kFunction:
        value = call_named(operand, {});
        break;
      case Kind::kPipeline:
        value = evaluate(operand.inner.front(), dot);
        break;
    }
    for (const std::string& field : operand.fields) value = field_of(operand, *value, field);
    return value;
  }

  const Json* field_of(const TemplateOperand& operand, const Json& value,
                       const std::string& field) const {
    if (const Json* found = value.find(field)) return found;
    if (std::holds_alternative<Json::Object>(value.value)) {
      fail(operand, sys::format("map has no entry for key {}", quote_for_message(field)));
    }
    if (value.is_null()) fail(operand, sys::format("nil pointer evaluating {}", field));
    fail(operand,
         sys::format("can't evaluate field {} in {}", field, quote_for_message(display(value))));
  }

  const Json* call(const TemplateCommand& command, const Json* last, const Json& dot) {
    const TemplateOperand& function = command.words.front();
    const bool is_and = function.name == "and";
    TemplateArguments arguments;
    for (std::size_t i = 1; i < command.words.size(); ++i) {
      const Json* value = evaluate(command.words[i], dot);
      // They end with the first that decides, as in Go.
      if ((is_and || function.name == "or") && is_true(*value) != is_and) return value;
      arguments.push_back(value);
    }
    if (last != nullptr) arguments.push_back(last);
    return call_named(function, arguments);
  }

  const Json* call_named(const TemplateOperand& function, const TemplateArguments& arguments) {
    if (keeps_titles_) {
      const auto title = std::ranges::find_if(arguments, [](const Json* argument) {
        return std::holds_alternative<std::string>(argument->value);
      });
      constexpr std::string_view kKept[] = {"json",  "split", "join", "title",
                                            "lower", "upper", "pad",  "truncate"};
      const bool is_kept = std::ranges::find(kKept, function.name) != std::end(kKept);
      if (is_kept && title != arguments.end()) return *title;
    }
    if (made_ > kMaxMade) fail(function, "too much text");
    try {
      return keep(call_template_function(function.name, arguments));
    } catch (const sys::Error& error) {  // gets its place
      fail(function, sys::format("error calling {}: {}", function.name, error.what()));
    }
  }

  std::string_view source_;
  bool keeps_titles_;
  std::vector<Variable> variables_;
  std::deque<Json> temporaries_;  // what values point to
  std::string out_;
  std::size_t steps_ = 0, made_ = 0;
};

}  // namespace

Template::Template(std::unique_ptr<Tree> tree) : tree_(std::move(tree)) {}
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

Template Template::parse(std::string_view text) {
  auto tree = std::make_unique<Tree>();
  tree->source = text;
  tree->nodes = parse_template(tree->source);
  return Template(std::move(tree));
}

std::string Template::execute(const Json& data) const {
  return Executor(tree_->source, data, false).run(tree_->nodes, data);
}

std::string Template::execute_titles(const Json& titles) const {
  return Executor(tree_->source, titles, true).run(tree_->nodes, titles);
}

}  // namespace config
