// SPDX-License-Identifier: Apache-2.0
// The instructions of a Dockerfile that change an image's configuration and nothing else:
// `--change` of import and commit. Source: docs.docker.com, "Dockerfile reference"; moby,
// builder/dockerfile/dispatchers.go.
#pragma once

#include <string>
#include <vector>

#include "config/image_spec.h"

namespace config {

/// Applies CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME and
/// WORKDIR. A text may hold several lines. Variables are those of `config`, as at the start of the
/// instruction. ENTRYPOINT drops a CMD that none of `changes` before it has set, as docker does.
/// Errors: what is wrong, then two lines: the instruction and a caret below the place. `config` is
/// as it was then.
void apply_changes(const std::vector<std::string>& changes, ContainerConfig& config);

/// NAME=VALUE into `env`, in the place of the one that is there. Errors: none.
void set_variable(std::vector<std::string>& env, const std::string& name, const std::string& value);

}  // namespace config
