# `make rehearse` and `make test` need python3, git and package registries (Python's and Node's); everything they make is below .build/.
PYTHON ?= python3
BUILD := $(CURDIR)/.build
BIN := $(BUILD)/venv/bin
COLLECTION := $(BUILD)/ansible_collections/lifeboat/azure_dr
TOOLS := $(CURDIR)/tests/tools
# Arguments for the tool behind a target: make units-fast ARGS="tests/unit -k poller", make integration ARGS=vm_restore
ARGS ?=

# Of Ansible, only what is about the rehearsal.
QUIET := ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_INVENTORY_UNPARSED_WARNING=false ANSIBLE_DISPLAY_SKIPPED_HOSTS=false ANSIBLE_CALLBACK_RESULT_FORMAT=yaml

export ANSIBLE_COLLECTIONS_PATH := $(BUILD)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Two lanes run side by side: what runs by ansible-test, and the rest. `secrets` reads what they printed.
STEPS := sanity units integration -- lint types docs-lint changelog-lint simulator-tests browser sdk traffic -- secrets

.PHONY: help rehearse test scale report-picture bench bench-peer plan-schema venv stage clean units-fast conformance conformance-cli conformance-azcollection $(filter-out --,$(STEPS))

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 26

rehearse: stage ## Rehearse the example plan on the simulator: readiness, drill, report, failover
	@cd $(BUILD) && $(QUIET) $(BIN)/ansible-playbook lifeboat.azure_dr.rehearse --extra-vars lifeboat_reports=$(BUILD)/recovery-rehearsals $(ARGS)

test: stage ## Run every check below; ends with a line "N passed, N failed"
	@$(BIN)/python $(TOOLS)/run_steps.py $(BUILD) $(STEPS)

venv:
	@$(PYTHON) $(TOOLS)/environment.py $(BUILD)/venv

stage: venv
	@$(BIN)/python $(TOOLS)/stage.py $(BUILD)

units-fast: stage ## Unit tests in seconds, by plain pytest
	@cd $(COLLECTION) && PYTHONPATH=$(BUILD) $(BIN)/python -m pytest -q -p no:cacheprovider --rootdir . $(or $(ARGS),tests/unit)

sanity: stage ## ansible-test sanity
	@$(BIN)/python $(TOOLS)/run_ansible_test.py $(BUILD) sanity $(ARGS)

units: stage ## ansible-test units
	@$(BIN)/python $(TOOLS)/run_ansible_test.py $(BUILD) units $(ARGS)

integration: stage ## ansible-test integration against the simulator
	@$(BIN)/python $(TOOLS)/integration.py $(BUILD) $(ARGS)

lint: stage ## ansible-lint, production profile
	@cd $(COLLECTION) && PATH=$(BIN):$$PATH ansible-lint --offline --nocolor --profile production $(ARGS)

types: stage ## mypy, strict
	@cd $(BUILD) && $(BIN)/mypy --config-file $(CURDIR)/pyproject.toml -p ansible_collections.lifeboat.azure_dr.plugins.module_utils
	@cd simulator && $(BIN)/mypy --cache-dir $(BUILD)/mypy-simulator

docs-lint: stage ## antsibull-docs' checks of all documentation
	@cd $(COLLECTION) && PATH=$(BIN):$$PATH antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=self --skip-rstcheck .

changelog-lint: stage ## antsibull-changelog's checks of the fragments
	@cd $(COLLECTION) && $(BIN)/antsibull-changelog lint

simulator-tests: venv ## The simulator's own tests
	@cd simulator && AZURITE_COMMAND=$(BIN)/azurite-blob $(BIN)/python -m pytest -q -p no:cacheprovider -n auto tests $(ARGS)

traffic: stage ## The modules and the simulator against recorded traffic, kills and secrets
	@cd $(COLLECTION) && $(BIN)/python -m pytest -q -p no:cacheprovider -n auto --rootdir . tests/conformance $(ARGS)

scale: stage ## Drill 300 VMs with Azure's limits of 2023 and of 2026, in some ten minutes; SCALE_VMS=1000 for as many
	@cd $(COLLECTION) && SCALE_YEARS="2026 2023" $(BIN)/python -m pytest -q -p no:cacheprovider --rootdir . tests/conformance/test_drill_scale.py $(ARGS)

browser: stage ## The report in a headless Chromium: phone, print, keyboard, accessibility
	@$(BIN)/python $(TOOLS)/browser.py $(BUILD)
	@cd $(COLLECTION) && LIFEBOAT_BROWSER=$(BUILD)/browser/browser.json PYTHONPATH=$(BUILD) $(BIN)/python -m pytest -q -p no:cacheprovider --rootdir . tests/browser $(ARGS)

report-picture: stage ## Draw docs/images/report.png anew, after a change of the report
	@$(BIN)/python $(TOOLS)/browser.py $(BUILD)
	@PYTHONPATH=$(BUILD) $(BIN)/python $(TOOLS)/picture.py $(BUILD) docs/images/report.png

sdk: sdk-newest ## The newest official Azure SDKs for Python against the simulator

conformance: sdk-newest sdk-older conformance-cli conformance-azcollection ## Everybody else's clients against the simulator; installs 3 GB, no part of `make test`

conformance-cli: venv ## The Azure CLI itself against the simulator; installs it (700 MB), no part of `make test`
	@$(BIN)/python $(TOOLS)/azure_cli.py $(BUILD) $(ARGS)

sdk-%: venv
	@$(PYTHON) $(TOOLS)/environment.py $(BUILD)/$@ tests/conformance/sdk/$*.txt
	@AZURITE_COMMAND=$(BIN)/azurite-blob $(BUILD)/$@/bin/python -m pytest -q -p no:cacheprovider -n auto tests/conformance/sdk $(ARGS)

conformance-azcollection: venv ## azure.azcollection against the simulator; installs it (2 GB), no part of `make test`
	@$(PYTHON) $(TOOLS)/azure_collection.py $(BUILD)/azure-collection
	@AZURITE_COMMAND=$(BIN)/azurite-blob $(BUILD)/azure-collection/bin/python -m pytest -q -p no:cacheprovider tests/conformance/azcollection $(ARGS)

secrets: ## No secret of any estate is in any output of the tests (runs after the others)
	@$(BIN)/python $(TOOLS)/check_secrets.py $(BUILD)

plan-schema: stage ## Write the schema of recovery plans for editors anew, after a change of their keys
	@PYTHONPATH=$(BUILD) $(BIN)/python $(TOOLS)/plan_schema.py playbooks/files/recovery_plan.schema.json

bench: stage ## Measure times, memory and requests; asserts nothing
	@$(BIN)/python tests/benchmarks/run.py $(BUILD) $(ARGS)

bench-peer: stage ## Measure this collection beside azure.azcollection; installs that (2 GB)
	@$(PYTHON) $(TOOLS)/azure_collection.py $(BUILD)/azure-collection
	@$(BIN)/python tests/benchmarks/peer.py $(BUILD) $(BUILD)/azure-collection $(ARGS)

clean: ## Remove all that make has made
	rm -rf $(BUILD)
