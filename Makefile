# Everything from a bare clone: a virtual environment in .venv, then the job. Needs Python 3.11 or newer and nothing else.
PYTHON ?= python3
BIN := .venv/bin
DEMO ?= run ape-paraphrase --task sentiment --seed 3

REAL ?= local:qwen2.5-coder-1.5b

.PHONY: demo demo-real test test-heavy lint types schema pages peers editor docs release clean tools

demo: .venv/ready-local ## optimize a real prompt with the embedded model; ARGS="--seed 1" adds flags
	@$(BIN)/promptwire $(DEMO) $(ARGS)

demo-real: .venv/ready-local ## APE, then ProTeGi, with a 1.5B model (1.1 GB): half an hour on two cores; REAL=NAME takes another model
	@$(BIN)/promptwire models --fetch $(REAL)
	@$(BIN)/promptwire run ape -p draws=2 -p n=5 -p first=10 -p scored_on=40 --task antonyms --model $(REAL) --seed 0
	@$(BIN)/promptwire run protegi-small --task antonyms --model $(REAL) --seed 0
	@$(BIN)/python bench/critique.py

test: .venv/ready-dev ## run the tests but the heavy ones; ARGS="-k cache" adds flags
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not heavy" $(ARGS)

test-heavy: .venv/ready-dev ## the checks with heavy real tools: README demo, docs, embedded model, browser, long searches
	$(BIN)/python -m pytest -n auto --dist worksteal -m heavy $(ARGS)

lint: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Type checkers can't follow an editable install whose folders have other names, so they see a tree of links.
types: .venv/ready-dev
	rm -rf build/types && mkdir -p build/types/promptwire
	cp -rs "$(CURDIR)"/engine/. "$(CURDIR)"/nodes "$(CURDIR)"/pipelines "$(CURDIR)"/templates build/types/promptwire/
	cd build/types && MYPYPATH=. ../../$(BIN)/mypy --config-file ../../pyproject.toml -p promptwire

schema: .venv/ready-dev ## after a change of the language or of a node: the schema that shipped pipelines show to editors
	mkdir -p build && $(BIN)/promptwire schema > build/promptwire.json && mv build/promptwire.json pipelines/promptwire.json

pages: .venv/ready-dev ## after a change of a node, a command or an optimizer: the pages of docs/ that are made from them
	$(BIN)/python docs/made_pages.py

peers: .venv/ready-dev ## promptwire beside dspy, gepa and promptolution: times and ratios; ARGS="--only search-opro" adds flags
	$(BIN)/python -m bench.peers $(ARGS)

editor: build/editor/node_modules/.ready ## the YAML language server, for the tests that edit pipelines with it; needs npm

build/editor/node_modules/.ready:
	mkdir -p build/editor && npm install --prefix build/editor --ignore-scripts --no-audit --no-fund --silent yaml-language-server@1.19.2
	@touch $@

tools: build/tools/python/.ready build/tools/promptfoo/.ready ## the real tools that tests of `export` start: dspy, lm-eval, prompty, and promptfoo by npm

# They see the packages of .venv, so that only what is missing there is installed; other versions would go before those of .venv.
build/tools/python/.ready: Makefile | .venv/ready-dev
	$(BIN)/python -m venv build/tools/python
	$(BIN)/python -c "import sysconfig; print(f'import site; site.addsitedir({sysconfig.get_path(\"purelib\")!r})')" \
		> "$$(build/tools/python/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/development.pth"
	build/tools/python/bin/python -m pip install --quiet --disable-pip-version-check dspy==3.4.1 'lm-eval[api]==0.4.13' prompty==2.1.0
	@touch $@

# Without its optional packages promptfoo takes 270 MB instead of 1.4 GB, and a minute. Its database needs one of them.
PROMPTFOO := promptfoo@0.121.20 @libsql/$(shell node -p "process.platform + '-' + process.arch + (process.platform == 'linux' ? '-gnu' : '')" 2>/dev/null)@0.5.29

build/tools/promptfoo/.ready:
	mkdir -p build/tools/promptfoo && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --prefix build/tools/promptfoo --omit=optional \
		--ignore-scripts --no-audit --no-fund --silent --force $(PROMPTFOO)
	@touch $@

docs: .venv/ready-docs ## the documentation in build/site, strictly: a dead link is an error
	$(BIN)/sphinx-build --fail-on-warning --keep-going --nitpicky --quiet docs build/site

release: .venv/ready-dev ## sdist and wheel in dist/, refused without a changelog entry; the wheel is tried in an empty environment
	$(BIN)/python -m pytest -q tests/test_changelog.py
	rm -rf dist build/release && $(BIN)/python -m build --outdir dist .
	$(PYTHON) -m venv build/release && build/release/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	build/release/bin/promptwire --version && build/release/bin/promptwire check ape

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "promptwire needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/ready-local: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[local,page]'
	@touch $@

.venv/ready-dev: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[local,dev]'
	$(BIN)/promptwire models --fetch local
	@touch $@ .venv/ready-local

.venv/ready-docs: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[local,docs]'
	@touch $@

clean: ## remove the virtual environment and what was built; the answer cache stays
	rm -rf .venv build dist *.egg-info
