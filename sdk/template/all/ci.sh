#!/bin/sh
# What a CI job runs, where haft is installed: builds, tests, runs a workflow.
set -eux
cd "$(dirname "$0")"
make clean
make
make check
HAFT_CONFIG=./haft.conf haft plugin describe yourkind_your_name
HAFT_CONFIG=./haft.conf haft run hello.yaml
