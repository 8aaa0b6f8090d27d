# SPDX-License-Identifier: GPL-2.0-only
# One target per need; each is a script of package.json. A fresh machine needs Node 20.12 or later, npm and make.
# Width of VMA flags: make test NUM_VMA_FLAG_BITS=64. More arguments: make test ARGS='--grep simple_merge'.

.DEFAULT_GOAL := upstream
.PHONY: help install build upstream test typecheck lint format coverage conform live fuzz bench watch report pack ci clean distclean

RUN := npm run --silent
ARGS ?=

# npm writes this file at the end of an installation.
INSTALLED := node_modules/.package-lock.json

$(INSTALLED): package-lock.json .npmrc
	npm ci --ignore-scripts
	@touch $@

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1	\2/p' $(MAKEFILE_LIST) | expand -t 12

install: $(INSTALLED) ## install what package-lock.json names, if it is not there yet

build: $(INSTALLED) ## compile into dist/
	@$(RUN) build

upstream: build ## run upstream's tests (this is what plain make does)
	@$(RUN) upstream -- $(ARGS)

test: $(INSTALLED) ## run all tests, in TAP
	@$(RUN) test -- $(ARGS)

typecheck: $(INSTALLED) ## check types only
	@$(RUN) typecheck

lint: $(INSTALLED) ## check format and lint rules
	@$(RUN) lint

format: $(INSTALLED) ## mend format, and what lint can mend
	@$(RUN) format

coverage: $(INSTALLED) ## run all tests with coverage, hold it against the thresholds
	@$(RUN) coverage -- $(ARGS)

conform: $(INSTALLED) ## compare with the kernel's own code: make conform KERNEL=/path/to/linux ARGS='--runs 500'
	@$(RUN) conform -- $(ARGS)

live: $(INSTALLED) ## compare with the running kernel: make live ARGS='--runs 500'
	@$(RUN) live -- $(ARGS)

fuzz: $(INSTALLED) ## random programs in the checked world: make fuzz ARGS='--runs 100000 --seed 7'
	@$(RUN) fuzz -- $(ARGS)

bench: $(INSTALLED) ## measure: make bench ARGS=--loop is from an edit to upstream's verdict
	@$(RUN) bench -- $(ARGS)

watch: $(INSTALLED) ## say after each edit how the tests fare: make watch ARGS='-g simple_merge'
	@$(RUN) watch -- $(ARGS)

report: $(INSTALLED) ## write report/index.html: tests, timelines, review, coverage, figures
	@$(RUN) report -- $(ARGS)

pack: build ## make the package's tarball
	npm pack

ci: ## do what CI does, in this folder
	.ci/run

clean: ## remove what was built
	rm -rf dist coverage report figures mutants .tap

distclean: clean ## remove what was installed as well
	rm -rf node_modules
