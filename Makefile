# Every target is one call of ./e2e or ./tools/dev, which installs what it needs. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help setup dev release doctor e2e-kind e2e-matrix e2e-staging e2e-staging-selftest e2e-cron-selftest e2e-policies-selftest e2e-breakages-selftest e2e-sources-selftest defects backtest down images images-push test test-ui lint fmt crds catalog docs bench soak

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z0-9-]+:.*## / { printf "  make %-26s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  Variables of e2e-kind: SUITES=<suites, areas or files>  GREP=<regular expression>'
	@echo '                         KEEP=1 (keep the cluster)  REUSE=1 (run again on a kept cluster)'
	@echo '                         TIMEOUT=<seconds for the run>  NO_SLOW=1 (leave slow suites out)'
	@echo '                         PARALLELISM=<suites at once>  SHUFFLE=<seed of a random order>'
	@echo '                         ENVIRONMENTS=<equal environments to spread the suites over>'
	@echo '                         ROUNDS=<n> (of suites that try one thing several times)'
	@echo '                         BACKENDAI=<release, series, latest, wheels, checkout or component=value,…>'
	@echo '                         UPGRADE_TO=<later one, to upgrade to while the suites of upgrade run>'

setup: ## Install the npm packages and the Git hooks
	@./tools/dev hooks

dev: ## Run the operator from its sources against the kept cluster, until Ctrl-C
	@./tools/dev operator

release: ## Build charts, image archives and notes into out/release; publish nothing
	@./tools/dev release

doctor: ## Show what this machine has, what will be built, what is missing
	@./e2e doctor

down: ## Remove the kept cluster and what belongs to it
	@./e2e down

images-push: ## Push operator and suites to REGISTRY=<host/path> (INSECURE=1 without TLS, ALL=1 with Backend.AI)
	@./e2e images-push

images: ## Build or fetch every image, and the node image that holds them
	@./e2e images

e2e-cron-selftest: ## Run the schedule in kind, a run each minute (in the kept cluster if there is one)
	@./tools/dev cron-selftest

e2e-policies-selftest: ## Prove the NetworkPolicies in kind, with a network that enforces them and real connections
	@./tools/dev policies-selftest

e2e-breakages-selftest: ## Break what each suite proves, in the kept cluster: each suite must fail (an hour)
	@./tools/dev breakages-selftest

e2e-sources-selftest: ## Run a suite on wheels and on a checkout with a defect, in the kept cluster; too long for CI (half an hour)
	@./tools/dev sources-selftest

defects: ## Plant defects in Backend.AI's own code, in the kept cluster: the suites must notice each (hours)
	@./tools/dev defects

backtest: ## Compare releases with and without each repair (ROWS=<ids>, PAIR=26.9.0..26.9.6 or SERIES=26.9: a part; hours)
	@./tools/dev backtest

test: ## Run all checks and tests of this project: lint, unit, charts, API server (no Docker needed)
	@./tools/dev test

test-ui: ## Open pages of runs in Chromium, and check them; needs Debian's package chromium
	@./tools/dev test-ui

lint: ## Check format, lint, types, spelling, Markdown, unused code and words
	@./tools/dev test --part lint

fmt: ## Format the sources
	@./tools/dev fmt

crds: ## Write the CRDs of packages/api into the operator's chart
	@./tools/dev crds

catalog: ## Write the suites' metadata into the operator's chart and docs/suites.md
	@./tools/dev catalog

docs: ## Write the settings, the values of the charts, docs/defects.md and docs/backtest.md
	@./tools/dev docs

soak: ## Play runs while everything fails by chance (MINUTES=<n>, by default 30)
	@./tools/dev soak

bench: ## Measure runs against bare Jobs (ROWS=all: every measurement, half an hour; ROWS=local: without a cluster)
	@./tools/dev bench

# As environment variables, so that no character of a regular expression meets a shell.
# The second name of a pair is the older one.
export E2E_SUITES := $(or $(SUITES),$(SUITE))
export E2E_GREP := $(GREP)
export E2E_KEEP := $(KEEP)
export E2E_REUSE := $(REUSE)
export E2E_TIMEOUT := $(TIMEOUT)
export E2E_NO_SLOW := $(NO_SLOW)
export E2E_PARALLELISM := $(or $(PARALLELISM),$(PARALLEL))
export E2E_ENVIRONMENTS := $(ENVIRONMENTS)
export E2E_SHUFFLE := $(SHUFFLE)
export E2E_ROUNDS := $(ROUNDS)
export E2E_BACKENDAI := $(BACKENDAI)
export E2E_UPGRADE_TO := $(UPGRADE_TO)
export E2E_VERSIONS := $(VERSIONS)
export E2E_INFORMATIONAL := $(INFORMATIONAL)
export E2E_ROWS := $(ROWS)
export E2E_MINUTES := $(MINUTES)
export E2E_PAIR := $(PAIR)
export E2E_SERIES := $(SERIES)
export E2E_KILL_OPERATOR := $(KILL_OPERATOR)

# Of e2e-staging: the cluster, and where Backend.AI runs in it.
export E2E_KUBECONFIG := $(KUBECONFIG)
export E2E_CONTEXT := $(CONTEXT)
export E2E_DEPLOYMENT_NAMESPACE := $(or $(DEPLOYMENT_NAMESPACE),$(NAMESPACE))
export E2E_TEST_NAMESPACE := $(TEST_NAMESPACE)
export E2E_REGISTRY := $(REGISTRY)
export E2E_OPERATOR_IMAGE := $(OPERATOR_IMAGE)
export E2E_SUITES_IMAGE := $(SUITES_IMAGE)
export E2E_RUNTIME_IMAGE := $(RUNTIME_IMAGE)
export E2E_PULL_SECRET := $(PULL_SECRET)
export E2E_SECRET := $(SECRET)
export E2E_CONNECTION_FILE := $(or $(CONNECTION_FILE),$(CONNECTION))
export E2E_OPERATOR_VALUES := $(OPERATOR_VALUES)
export E2E_PATIENCE := $(PATIENCE)
export E2E_NO_AUDIT := $(NO_AUDIT)
export E2E_ALLOW_INVASIVE := $(ALLOW_INVASIVE)
export E2E_DRY_RUN := $(DRY_RUN)
export E2E_INSECURE := $(INSECURE)
export E2E_ALL := $(ALL)

# These goals must exit 0 (passed), 1 (a suite failed) or 2 (could not run). But make exits 2 for any failed recipe.
# Its only way to exit 1 is the answer "not up to date" of question mode (-q). So the job runs while make brings an
# included file up to date. The file then holds the job's exit code. After that make reads itself again. For a 1 it
# goes into question mode, where the target is not up to date. Holds for one of them as the only goal, and not under -n.
e2e-verdict := out/.make-verdict
e2e-program = $(if $(filter %-selftest,$1),./tools/dev,./e2e) $(1:e2e-%=%)
e2e-goal := $(filter e2e-kind e2e-matrix e2e-staging e2e-staging-selftest,$(MAKECMDGOALS))
ifeq ($(MAKECMDGOALS)$(findstring n,$(firstword -$(MAKEFLAGS))),$(or $(e2e-goal),none))
ifndef MAKE_RESTARTS
.PHONY: e2e-now
$(e2e-verdict): e2e-now
	@rm -f $@
	@$(call e2e-program,$(e2e-goal)) --exit-code-to $@
endif
-include $(e2e-verdict)
ifeq ($(E2E_EXIT_CODE),1)
MAKEFLAGS += -q
endif
e2e-answer = exit $(or $(E2E_EXIT_CODE),2)
else
e2e-answer = $(call e2e-program,$@)
endif
e2e-kind: ## Backend.AI in kind, the suites against it, results in out/e2e
	@$(e2e-answer)
e2e-matrix: ## The suites on several Backend.AIs (VERSIONS=26.9.0,26.9.6 INFORMATIONAL=26.9.0), results in out/matrix
	@$(e2e-answer)
e2e-staging: ## The suites against a Backend.AI that runs already: docs/guides/staging.md
	@$(e2e-answer)
e2e-staging-selftest: ## The same as a restricted user against a second Backend.AI in kind, with a lost connection
	@$(e2e-answer)
