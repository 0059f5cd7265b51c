// SPDX-License-Identifier: Apache-2.0
#include "config/template.h"

#include <catch2/catch.hpp>

#include "config/human.h"
#include "config/template_rows.h"
#include "sys/error.h"

using Catch::Matchers::Contains;

namespace {

const std::string kData = R"({"Id":"sha256:abc","Size":1500,"Empty":"","No":false,"Nil":null,
  "Config":{"Cmd":["sh","-c","x"],"Labels":{"b":"2","a":"1"},"Env":["PATH=/bin","A=b"]},
  "Layers":[{"Size":1},{"Size":2}]})";

std::string render(const std::string& text) {
  return config::Template::parse(text).execute(config::parse_json(kData, "data"));
}

std::string problem_of(const std::string& text) {
  try {
    (void)render(text);
  } catch (const sys::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("template: what docker's users write", "[config][template]") {
  const auto [text, result] = GENERATE(table<std::string, std::string>({
      {"plain", "plain"},
      {"{{.Id}}", "sha256:abc"},
      {"{{ .Config.Cmd }}", "[sh -c x]"},
      {"{{.Config.Labels}}", "map[a:1 b:2]"},
      {"{{json .Config.Labels}}", R"({"b":"2","a":"1"})"},
      {"{{json .Config.Env}}", R"(["PATH=/bin","A=b"])"},
      {"{{index .Config.Labels \"a\"}}", "1"},
      {"{{index .Config.Labels \"none\"}}", ""},
      {"{{index .Config.Cmd 1}}", "-c"},
      {"{{(index .Layers 1).Size}}", "2"},
      {"{{range .Config.Env}}{{println .}}{{end}}", "PATH=/bin\nA=b\n"},
      {"{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}", "a=1;b=2;"},
      {"{{range $i, $e := .Config.Cmd}}{{if $i}}, {{end}}{{$e}}{{end}}", "sh, -c, x"},
      {"{{range .Empty}}x{{else}}none{{end}}", "#"},
      {"{{range .Nil}}x{{else}}none{{end}}", "none"},
      {"{{range .Config.Cmd}}{{if eq . \"-c\"}}{{break}}{{end}}{{.}}{{end}}", "sh"},
      {"{{range .Config.Cmd}}{{if eq . \"-c\"}}{{continue}}{{end}}{{.}}{{end}}", "shx"},
      {"{{if .Empty}}a{{else if .No}}b{{else}}c{{end}}", "c"},
      {"{{with .Config}}{{.Cmd | len}}{{end}}", "3"},
      {"{{with $x := .Id}}{{$x}}{{end}}", "sha256:abc"},
      {"{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"},
      {"{{.Id | upper | printf \"%s!\"}}", "SHA256:ABC!"},
      {"{{join .Config.Cmd \" \"}}", "sh -c x"},
      {"{{index (split .Id \":\") 1}}", "abc"},
      {"{{title \"hello world\"}} {{lower \"ABC\"}}", "Hello World abc"},
      {"{{truncate .Id 3}}|{{pad \"x\" 1 2}}|", "sha| x  |"},
      {"{{printf \"%5d|%-5s|%05d|%x|%q|%t|%v|%.2f|%%\" .Size \"a\" 42 255 \"q\" true .Layers 1.5}}",
       " 1500|a    |00042|ff|\"q\"|true|[map[Size:1] map[Size:2]]|1.50|%"},
      {"{{printf \"%d\" .Id}}", "%!d(string=sha256:abc)"},
      {"{{and .Size .Id}} {{or .Empty \"x\"}} {{not .No}}", "sha256:abc x true"},
      {"{{eq .Size 1 1500}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge \"b\" \"a\"}}",
       "true true true true false true"},
      {"a {{- \" b \" -}} c", "a b c"},
      {"a{{/* a comment */}}b", "ab"},
      {"{{`raw\\n`}}{{\"\\u00e9\\t\"}}", "raw\\n\u00e9\t"},
      {"{{slice .Id 7}} {{slice .Id 0 6}}", "abc sha256"},
      {"{{.Nil}}", "<no value>"},
      {"{{len \"abc\"}}{{print 1 2 \"a\" 3}}", "31 2a3"},
      {"{{$.Id}} {{range .Layers}}{{.Size}}{{$.Size}}{{end}}", "sha256:abc 1150021500"},
  }));
  CAPTURE(text);
  if (result == "#") {
    CHECK_THAT(problem_of(text), Contains("range can't iterate over"));
  } else {
    CHECK(render(text) == result);
  }
}

TEST_CASE("template: what is wrong is told with line and column", "[config][template]") {
  CHECK(problem_of("a\n{{.Foo}}") ==
        "template: :2:3: executing at <.Foo>: map has no entry for key \"Foo\"");
  CHECK_THAT(problem_of("{{.Id.X}}"),
             Contains("template: :1:3: executing at <.Id.X>: can't evaluate field X"));
  CHECK_THAT(problem_of("{{.Nil.X}}"), Contains("nil pointer evaluating X"));
  CHECK_THAT(problem_of("{{"), Contains("template: :1:1: unclosed action"));
  CHECK_THAT(problem_of("{{foo}}"), Contains("function \"foo\" not defined"));
  CHECK_THAT(problem_of("{{$x}}"), Contains("undefined variable \"$x\""));
  CHECK_THAT(problem_of("{{if .Id}}"), Contains("{{end}} is missing"));
  CHECK_THAT(problem_of("{{end}}"), Contains("unexpected {{end}}"));
  CHECK_THAT(problem_of("{{}}"), Contains("missing value for command"));
  CHECK_THAT(problem_of("{{define \"x\"}}"), Contains("there is no {{define}}"));
  CHECK_THAT(problem_of("{{index .Config.Cmd 3}}"), Contains("index out of range: 3"));
  CHECK_THAT(problem_of("{{len 3 4}}"), Contains("wrong number of args for len"));
  CHECK_THAT(problem_of("{{lt 1 \"a\"}}"), Contains("incompatible types"));
  CHECK_THAT(problem_of("{{break}}"), Contains("outside {{range}}"));
  CHECK_THAT(problem_of("{{\"a"), Contains("unterminated quoted string"));
  CHECK_THAT(problem_of("{{1 2}}"), Contains("can't give argument to non-function 1"));
}

TEST_CASE("INV-12: a template ends, and its text has a bound", "[config][template]") {
  CHECK_THAT(problem_of(std::string(70'000, 'x')), Contains("more than"));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "{{if .Id}}";
  CHECK_THAT(problem_of(deep), Contains("nested too deep"));
  CHECK_THAT(problem_of("{{" + std::string(100, '(') + "1" + std::string(100, ')') + "}}"),
             Contains("nested too deep"));
  std::string doubling = "{{$x := printf \"%1000d\" 1}}";
  for (int i = 0; i < 30; ++i) doubling += "{{$x = print $x $x}}";
  CHECK_THAT(problem_of(doubling + "{{$x}}"), Contains("too much") || Contains("more than"));
}

TEST_CASE("rows: a table as docker prints it", "[config][template]") {
  config::RowFormat format;
  format.otherwise = "table {{.ID}}\\t{{upper .Name}}\\t{{.Size}}";
  format.titles = config::parse_json(R"({"ID":"IMAGE ID","Name":"NAME","Size":"SIZE"})", "t");
  const std::vector<config::Json> rows = {
      config::parse_json(R"({"ID":"abcdefabcdef","Name":"é","Size":"1B"})", "r"),
      config::parse_json(R"({"ID":"1","Name":"a-long-name","Size":"22B"})", "r")};
  CHECK(config::format_rows(format, rows) ==
        "IMAGE ID       NAME          SIZE\n"
        "abcdefabcdef   é             1B\n"
        "1              A-LONG-NAME   22B\n");
  format.format = "{{.ID}}:{{.Size}}";
  CHECK(config::format_rows(format, rows) == "abcdefabcdef:1B\n1:22B\n");
  format.format = "table {{.Size}}";
  CHECK(config::format_rows(format, rows) == "SIZE\n1B\n22B\n");
  format.format = "json";
  CHECK(config::format_rows(format, {rows[1]}) ==
        "{\"ID\":\"1\",\"Name\":\"a-long-name\",\"Size\":\"22B\"}\n");
}

TEST_CASE("human: sizes as docker has them", "[config][human]") {
  const auto [bytes, text] =
      GENERATE(table<std::uint64_t, std::string>({{0, "0B"},
                                                  {999, "999B"},
                                                  {1000, "1kB"},
                                                  {1024, "1.02kB"},
                                                  {72'800'000, "72.8MB"},
                                                  {137'000'000, "137MB"},
                                                  {1'230'000'000, "1.23GB"}}));
  CHECK(config::human_size(bytes) == text);
}

TEST_CASE("human: ages as docker has them", "[config][human]") {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  CHECK(config::human_duration(std::chrono::milliseconds(450)) == "Less than a second");
  CHECK(config::human_duration(seconds(47)) == "47 seconds");
  CHECK(config::human_duration(minutes(1)) == "About a minute");
  CHECK(config::human_duration(minutes(35)) == "35 minutes");
  CHECK(config::human_duration(minutes(65)) == "About an hour");
  CHECK(config::human_duration(hours(3)) == "3 hours");
  CHECK(config::human_duration(hours(24 * 8)) == "8 days");
  CHECK(config::human_duration(hours(24 * 15)) == "2 weeks");
  CHECK(config::human_duration(hours(24 * 61)) == "2 months");
  CHECK(config::human_duration(hours(24 * 365 * 2)) == "2 years");
}

TEST_CASE("human: times of RFC 3339", "[config][human]") {
  const auto time = config::parse_time("1970-01-02T01:00:00.5+01:00");
  REQUIRE(time);
  CHECK(time->time_since_epoch() == std::chrono::hours(24) + std::chrono::milliseconds(500));
  CHECK(config::created_at("2024-02-29T12:34:56.789Z") == "2024-02-29 12:34:56 +0000 UTC");
  CHECK(config::human_age("2024-02-29T12:00:00Z", *config::parse_time("2024-02-29T15:00:00Z")) ==
        "3 hours ago");
  CHECK(config::human_age("", *time) == "N/A");
  for (const char* wrong :
       {"", "2023-02-29T00:00:00Z", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T24:00:00Z",
        "0001-01-01T00:00:00Z", "2024-1-01T00:00:00Z"}) {
    CAPTURE(wrong);
    CHECK_FALSE(config::parse_time(wrong));
  }
}
