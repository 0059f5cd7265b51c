// SPDX-License-Identifier: Apache-2.0
// Lists of things as docker prints them: a table with titles, or a template for each of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/json.h"

namespace config {

struct RowFormat {
  /// What `--format` said: empty or "table": the default one; "table TEMPLATE"; "json"; a template,
  /// in which \t and \n are a tab and a new line.
  std::string format;
  /// "table {{.ID}}\t{{.Repository}}"
  std::string otherwise;
  /// Titles, by field: {"ID": "IMAGE ID"}
  Json titles;
  bool has_titles = true;
};

/// Each row is an object. Errors: those of Template.
std::string format_rows(const RowFormat& format, const std::vector<Json>& rows);

/// Lines of cells, separated by tabs, as columns: as Go's tabwriter does for docker, at least ten
/// wide, three blanks between.
std::string align_columns(std::string_view lines);

}  // namespace config
