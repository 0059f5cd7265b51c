// SPDX-License-Identifier: Apache-2.0
// From a template's words to its tree.
#include <algorithm>
#include <cerrno>

#include "config/template_lex.h"
#include "config/template_tree.h"
#include "sys/error.h"
#include "sys/format.h"

namespace config {

void fail_template(std::string_view source, std::size_t at, std::string_view problem) {
  const std::string_view before = source.substr(0, at);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t column = before.size() - (before.rfind('\n') + 1);  // npos + 1 is 0
  throw sys::Error(sys::format("template: :{}:{}: {}", line, column + 1, problem), EINVAL);
}

namespace {

constexpr std::size_t kMaxSource = 64 << 10;
constexpr std::size_t kMaxDepth = 50;

using Kind = TemplateToken::Kind;

bool is_keyword(std::string_view name) {
  for (const std::string_view keyword :
       {"if", "else", "end", "range", "with", "break", "continue", "define", "template", "block"}) {
    if (name == keyword) return true;
  }
  return false;
}

class Parser {
 public:
  explicit Parser(std::string_view source) : source_(source), tokens_(lex_template(source)) {
    variables_.emplace_back("$");
  }

  std::vector<TemplateNode> run() {
    std::vector<TemplateNode> nodes = parse_nodes(0);
    if (peek().kind != Kind::kEnd) fail(sys::format("unexpected {{{{{}}}}}", keyword()));
    return nodes;
  }

 private:
  const TemplateToken& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  const TemplateToken& take() { return tokens_[std::min(at_++, tokens_.size() - 1)]; }
  std::string_view text_of(const TemplateToken& token) const {
    return source_.substr(token.at, token.end - token.at);
  }
  [[noreturn]] void fail(std::string_view problem) const {
    fail_template(source_, peek().at, problem);
  }
  [[noreturn]] void fail_unexpected(std::string_view where) const {
    if (peek().kind == Kind::kEnd) fail("unexpected EOF");
    fail(sys::format("unexpected {} in {}", quote_for_message(text_of(peek())), where));
  }
  void expect_close(std::string_view where) {
    if (peek().kind != Kind::kClose) fail_unexpected(where);
    take();
  }
  /// Of the action that comes next; empty when it begins with something else.
  std::string_view keyword() const {
    if (peek().kind != Kind::kOpen || peek(1).kind != Kind::kName) return {};
    return is_keyword(peek(1).text) ? std::string_view(peek(1).text) : std::string_view();
  }

  // Until {{else}}, {{end}} or the end.
  std::vector<TemplateNode> parse_nodes(std::size_t depth) {
    if (depth > kMaxDepth) fail("nested too deep");
    std::vector<TemplateNode> nodes;
    for (;;) {
      const std::string_view next = keyword();
      if (peek().kind == Kind::kEnd || next == "else" || next == "end") return nodes;
      TemplateNode node;
      node.at = peek().at;
      if (peek().kind == Kind::kText) {
        node.text = take().text;
      } else {
        parse_action(node, next, depth);
      }
      nodes.push_back(std::move(node));
    }
  }

  void parse_action(TemplateNode& node, std::string_view name, std::size_t depth) {
    if (name == "define" || name == "template" || name == "block") {
      fail(sys::format("there is no {{{{{}}}}} here", name));
    }
    take();  // {{
    if (name.empty()) {
      node.kind = TemplateNode::Kind::kAction;
      node.pipeline = parse_pipeline(depth, false);
      return expect_close("command");
    }
    take();
    if (name == "break" || name == "continue") {
      if (ranges_ == 0) fail(sys::format("{{{{{}}}}} outside {{{{range}}}}", name));
      node.kind = name == "break" ? TemplateNode::Kind::kBreak : TemplateNode::Kind::kContinue;
      return expect_close(name);
    }
    node.kind = name == "if"     ? TemplateNode::Kind::kIf
                : name == "with" ? TemplateNode::Kind::kWith
                                 : TemplateNode::Kind::kRange;
    parse_block(node, depth);
  }

  // What {{if}}, {{with}} and {{range}} have in common, up to the end of {{end}}.
  void parse_block(TemplateNode& node, std::size_t depth) {
    const std::size_t known = variables_.size();
    const bool is_range = node.kind == TemplateNode::Kind::kRange;
    node.pipeline = parse_pipeline(depth, is_range);
    expect_close("command");
    ranges_ += is_range ? 1 : 0;
    node.body = parse_nodes(depth + 1);
    ranges_ -= is_range ? 1 : 0;
    if (keyword() == "else") {
      take();
      take();
      if (peek().kind == Kind::kName && (peek().text == "if" || peek().text == "with")) {
        TemplateNode inner;
        inner.at = peek().at;
        inner.kind = take().text == "if" ? TemplateNode::Kind::kIf : TemplateNode::Kind::kWith;
        parse_block(inner, depth + 1);  // whose {{end}} is ours
        node.otherwise.push_back(std::move(inner));
        variables_.resize(known);
        return;
      }
      expect_close("else");
      node.otherwise = parse_nodes(depth + 1);
    }
    if (keyword() != "end") {
      if (peek().kind == Kind::kEnd) fail("unexpected EOF: an {{end}} is missing");
      fail("expected {{end}}");
    }
    take();
    take();
    expect_close("end");
    variables_.resize(known);
  }

  TemplatePipeline parse_pipeline(std::size_t depth, bool is_range) {
    if (depth > kMaxDepth) fail("nested too deep");
    TemplatePipeline pipeline;
    pipeline.at = peek().at;
    const std::size_t names = peek(1).kind == Kind::kComma ? 2 : 1;
    const Kind sign = peek(names * 2 - 1).kind;
    if (peek().kind == Kind::kVariable && (sign == Kind::kDeclare || sign == Kind::kSet)) {
      if (names == 2 && !is_range) fail("too many declarations in command");
      pipeline.is_declaration = sign == Kind::kDeclare;
      for (std::size_t i = 0; i < names; ++i) {
        if (peek().kind != Kind::kVariable) fail_unexpected("declaration");
        if (!pipeline.is_declaration) require_variable(peek());
        pipeline.variables.push_back(take().text);
        take();  // the comma or the sign
      }
    }
    for (;;) {
      pipeline.commands.push_back(parse_command(depth));
      if (peek().kind != Kind::kPipe) break;
      take();
    }
    for (std::size_t i = 1; i < pipeline.commands.size(); ++i) {
      const TemplateOperand& first = pipeline.commands[i].words.front();
      if (first.kind == TemplateOperand::Kind::kFunction) continue;
      fail_template(source_, first.at, "non executable command in pipeline");
    }
    if (pipeline.is_declaration) {
      variables_.insert(variables_.end(), pipeline.variables.begin(), pipeline.variables.end());
    }
    return pipeline;
  }

  void require_variable(const TemplateToken& token) const {
    if (std::ranges::find(variables_, token.text) != variables_.end()) return;
    fail_template(source_, token.at,
                  sys::format("undefined variable {}", quote_for_message(token.text)));
  }

  TemplateCommand parse_command(std::size_t depth) {
    TemplateCommand command;
    for (;;) {
      const Kind kind = peek().kind;
      if (kind == Kind::kClose || kind == Kind::kPipe || kind == Kind::kRight) break;
      command.words.push_back(parse_operand(depth));
    }
    if (command.words.empty()) {
      fail(peek().kind == Kind::kClose ? "missing value for command" : "empty command");
    }
    const TemplateOperand& first = command.words.front();
    if (command.words.size() > 1 && first.kind != TemplateOperand::Kind::kFunction) {
      fail_template(source_, first.at,
                    sys::format("can't give argument to non-function {}",
                                source_.substr(first.at, first.end - first.at)));
    }
    return command;
  }

  TemplateOperand parse_operand(std::size_t depth) {
    TemplateOperand operand;
    const TemplateToken& token = peek();
    operand.at = token.at;
    switch (token.kind) {
      case Kind::kDot:
        break;
      case Kind::kField:
        operand.fields.push_back(token.text);
        break;
      case Kind::kVariable:
        require_variable(token);
        operand.kind = TemplateOperand::Kind::kVariable;
        operand.name = token.text;
        break;
      case Kind::kLiteral:
        operand.kind = TemplateOperand::Kind::kLiteral;
        operand.literal = token.literal;
        break;
      case Kind::kName:
        read_name(token, operand);
        break;
      case Kind::kLeft:
        take();
        operand.kind = TemplateOperand::Kind::kPipeline;
        operand.inner.push_back(parse_pipeline(depth + 1, false));
        if (peek().kind != Kind::kRight) {
          fail(peek().kind == Kind::kClose || peek().kind == Kind::kEnd ? "unclosed left paren"
                                                                        : "unexpected token");
        }
        break;
      default:
        fail_unexpected("operand");
    }
    operand.end = take().end;
    while (peek().kind == Kind::kField && peek().is_attached) {
      if (operand.kind == TemplateOperand::Kind::kLiteral) fail_unexpected("operand");
      operand.end = peek().end;
      operand.fields.push_back(take().text);
    }
    return operand;
  }

  void read_name(const TemplateToken& token, TemplateOperand& operand) const {
    operand.kind = TemplateOperand::Kind::kLiteral;
    if (token.text == "true" || token.text == "false") {
      operand.literal = Json{token.text == "true"};
    } else if (token.text == "nil") {
      operand.literal = Json{};
    } else if (is_template_function(token.text)) {
      operand.kind = TemplateOperand::Kind::kFunction;
      operand.name = token.text;
    } else {
      fail(sys::format("function {} not defined", quote_for_message(token.text)));
    }
  }

  std::string_view source_;
  std::vector<TemplateToken> tokens_;
  std::vector<std::string> variables_;
  std::size_t at_ = 0;
  int ranges_ = 0;
};

}  // namespace

std::vector<TemplateNode> parse_template(std::string_view source) {
  if (source.size() > kMaxSource) {
    throw sys::Error(sys::format("template: more than {} bytes", kMaxSource), EINVAL);
  }
  return Parser(source).run();
}

}  // namespace config
