# `make` lists the targets.

CARGO ?= cargo
CARGO_TARGET_DIR ?= target
BELOWLINE := $(CARGO_TARGET_DIR)/release/belowline
MODEL := models/demo.safetensors
DEMO := target/demo

.DEFAULT_GOAL := help
.PHONY: demo test models card curves dist screenshots quality bench compare cores scale shares audit fuzz help

demo: ## Build, train on the comments in training/, score new ones, show some, write a report
	$(CARGO) build --release --locked
	mkdir -p models $(DEMO)
	$(BELOWLINE) train training/comments.csv --articles training/articles.csv -o $(MODEL)
	$(BELOWLINE) predict training/new-comments.csv --articles training/articles.csv -m $(MODEL) -o $(DEMO)/predictions.csv
	@echo
	@$(BELOWLINE) predict training/new-comments.csv --articles training/articles.csv -m $(MODEL) --format jsonl --quiet \
		| $(EXTRACT)
	@echo
	@$(BELOWLINE) report training/new-comments.csv --articles training/articles.csv -m $(MODEL) -o $(DEMO)/report.html --quiet
	@echo "Model:       $(MODEL)"
	@echo "Predictions: $(DEMO)/predictions.csv, all rows with all probabilities"
	@echo "Report:      $(DEMO)/report.html, to be opened in a browser"

# One line a comment, of every third one: stance and its probability, tones, how the comment begins.
EXTRACT = sed -E \
	-e 's/^.*"comment":"(([^"\\]|\\.)*)".*"stance":\{"pred":\["([^"]*)"\],"conf":([0-9.]+).*"tone":\{"pred":\[([^]]*)\].*$$/\3|\4|\5|\1/' \
	-e 's/\\[nrt]/ /g' -e 's/["\\]//g' \
	| awk -F '|' 'BEGIN { printf "%-8s %4s  %-22s %s\n", "stance", "p", "tone", "comment" } \
		NR % 3 == 1 { \
			text = $$4; if (length(text) > 64) { text = substr(text, 1, 64); sub(/ [^ ]*$$/, " ...", text) } \
			printf "%-8s %4.2f  %-22s %s\n", $$1, $$2, $$3, text }'

test: ## Format, lints, documentation, tests: all must pass
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps
	$(CARGO) test --locked
	@command -v chromedriver >/dev/null || echo "SKIPPED: the tests in a browser, for want of chromedriver (Debian: chromium, chromium-driver)"

CHROMIUM ?= chromium
SHOOT = $(CHROMIUM) --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update \
	--disable-sync --hide-scrollbars --user-data-dir=$(DEMO)/browser

screenshots: demo ## Pictures of the demonstration's report at desktop and phone width, into docs/
	$(SHOOT) --window-size=1200,1500 --screenshot=docs/report-desktop.png "file://$(CURDIR)/$(DEMO)/report.html" 2>/dev/null
	$(SHOOT) --window-size=400,1500 --screenshot=docs/report-phone.png "file://$(CURDIR)/$(DEMO)/report.html" 2>/dev/null

# With only DATA it needs no Python. PEER_TIMEOUT is in seconds, for each other package and each kind of folds.
quality: ## Cross-validate on the data sets in DATA=folder [PYTHON=python with peers] [SETS="a b"]
	@test -n "$(DATA)" || { echo "make quality needs DATA, a folder whose sub-folders hold train.csv, e.g. make quality DATA=data" >&2; exit 2; }
	@$(CARGO) run --release --locked --quiet --example quality -- "$(DATA)" $(if $(PYTHON),--python "$(PYTHON)") \
		$(foreach set,$(SETS),--set "$(set)") $(if $(PEER_TIMEOUT),--peer-timeout "$(PEER_TIMEOUT)")

bench: ## Time each step on training/ or on [DATA=folder with train.csv]
	@$(if $(DATA),DATA="$(DATA)") $(CARGO) bench --locked --bench steps -- $(FILTER)

# PYTHON needs scikit-learn; vowpalwabbit and the program fasttext are compared with where they are installed.
compare: ## Time belowline and other packages in one run: DATA=folder PYTHON=python [SETS="a b"] [ROUNDS=3] [ROWS=20000]
	@test -n "$(DATA)" -a -n "$(PYTHON)" || { echo "make compare needs DATA and PYTHON, e.g. make compare DATA=data PYTHON=venv/bin/python" >&2; exit 2; }
	@$(CARGO) build --release --locked --quiet --bin belowline --example fit
	@"$(PYTHON)" examples/compare.py "$(DATA)" --belowline $(BELOWLINE) --fit $(CARGO_TARGET_DIR)/release/examples/fit \
		$(foreach set,$(SETS),--set "$(set)") $(if $(ROUNDS),--rounds "$(ROUNDS)") $(if $(ROWS),--rows "$(ROWS)")

cores: ## Time learning features and predicting on one core and on two: DATA=folder [SETS="a b"] [ROUNDS=11] [ROWS=100000]
	@test -n "$(DATA)" || { echo "make cores needs DATA, a folder whose sub-folders hold train.csv, e.g. make cores DATA=data" >&2; exit 2; }
	@$(CARGO) build --release --locked --quiet --bin belowline --example fit
	@python3 examples/cores.py "$(DATA)" --belowline $(BELOWLINE) --fit $(CARGO_TARGET_DIR)/release/examples/fit \
		$(foreach set,$(SETS),--set "$(set)") $(if $(ROUNDS),--rounds "$(ROUNDS)") $(if $(ROWS),--rows "$(ROWS)")

scale: ## Time and memory by number of comments: COMMENTS=file TASK=column [SIZES=10000,100000,1000000], plotted in docs/
	@test -n "$(COMMENTS)" -a -n "$(TASK)" || { echo "make scale needs COMMENTS and TASK, e.g. make scale COMMENTS=train.csv TASK=tone" >&2; exit 2; }
	@$(CARGO) build --release --locked --quiet --bin belowline --example fit
	@python3 examples/scale.py "$(COMMENTS)" "$(TASK)" --belowline $(BELOWLINE) --fit $(CARGO_TARGET_DIR)/release/examples/fit \
		$(if $(SIZES),--sizes "$(SIZES)") --plot docs/scale.svg

models: ## Train the built-in model anew: DATA=folder of the data sets that training/builtin names
	@test -n "$(DATA)" || { echo "make models needs DATA, the folder of the data sets that training/builtin/README.md names" >&2; exit 2; }
	$(CARGO) run --release --locked --quiet --example builtin -- "$(DATA)" target/builtin
	$(CARGO) run --release --locked --quiet --bin belowline -- train target/builtin/comments.csv --config training/builtin/config.toml \
		--task tone --task hostility -o models/english.safetensors
	@echo "The program has it from its next build on; its card, models/english.md, wants the figures of make card."

card: ## Measure what the card of the built-in model says: DATA=folder
	@test -n "$(DATA)" || { echo "make card needs DATA, the folder of the data sets that training/builtin/README.md names" >&2; exit 2; }
	@$(CARGO) build --release --locked --quiet --bin belowline
	@$(CARGO) run --release --locked --quiet --example builtin -- "$(DATA)" target/builtin
	@python3 examples/card.py "$(DATA)" --belowline $(BELOWLINE)

# What a base model is worth to few labels: on comments that the built-in model has not seen.
curves: ## Learning curves from scratch and from the built-in model: DATA=folder, plotted in docs/
	@test -n "$(DATA)" || { echo "make curves needs DATA, a folder with kaggle_insults and fox_news_comments" >&2; exit 2; }
	@$(CARGO) build --release --locked --quiet --bin belowline
	@python3 examples/learning_curve.py --belowline $(BELOWLINE) --plot docs/adapting.svg \
		--curve "kaggle_insults" "$(DATA)/kaggle_insults/train.csv" tone insult builtin hostility_p_hostile \
		--curve "fox_news_comments" "$(DATA)/fox_news_comments/train.csv" tone hateful builtin hostility_p_hostile

# The program as one file that needs no library, with a checksum; tried in a root folder that holds nothing else, where that is allowed.
HOST := $(shell rustc -vV | sed -n 's/^host: //p')
DIST := target/dist

dist: ## The program as one file without libraries, in target/dist
	RUSTFLAGS="-C target-feature=+crt-static" $(CARGO) build --release --locked --bin belowline --target $(HOST)
	rm -rf $(DIST) && mkdir -p $(DIST)/root
	cp $(CARGO_TARGET_DIR)/$(HOST)/release/belowline $(DIST)/belowline-$(HOST)
	cd $(DIST) && sha256sum belowline-$(HOST) > belowline-$(HOST).sha256 && sha256sum --check --quiet belowline-$(HOST).sha256
	cp $(DIST)/belowline-$(HOST) $(DIST)/root/belowline
	cp tests/pages/wordpress.html $(DIST)/root/page.html
	@if unshare --map-root-user true 2>/dev/null; then \
		unshare --map-root-user chroot $(DIST)/root /belowline extract page.html -o comments.csv && test -s $(DIST)/root/comments.csv && \
		unshare --map-root-user chroot $(DIST)/root /belowline report page.html -o report.html && test -s $(DIST)/root/report.html; \
	else echo "SKIPPED: the run in an empty root folder, which is not allowed here"; fi
	@rm -r $(DIST)/root && ls -l $(DIST)

shares: ## Check corrected shares on comments whose labels have shifted: COMMENTS=file TASK=column [ARTICLES=file]
	@test -n "$(COMMENTS)" -a -n "$(TASK)" || { echo "make shares needs COMMENTS and TASK, e.g. make shares COMMENTS=train.csv TASK=tone" >&2; exit 2; }
	@$(CARGO) build --release --locked --quiet --bin belowline
	@python3 examples/shares.py "$(COMMENTS)" "$(TASK)" --belowline $(BELOWLINE) $(if $(ARTICLES),--articles "$(ARTICLES)")

audit: ## Licences, sources and known weaknesses of all packages (cargo-deny)
	@command -v cargo-deny >/dev/null || { echo "make audit needs cargo-deny: cargo install --locked cargo-deny" >&2; exit 2; }
	$(CARGO) deny --locked check bans licenses sources
	@$(CARGO) deny --locked check advisories 2>$(AUDIT_LOG) || { \
		grep -q "failed to fetch" $(AUDIT_LOG) && echo "SKIPPED: advisories, for want of a way to their database" || { cat $(AUDIT_LOG); exit 1; }; }

AUDIT_LOG := $(CARGO_TARGET_DIR)/audit.log

# Runs in the order of names, SECONDS each; needs cargo-fuzz and a nightly compiler. No sanitizer: the project has no unsafe code.
FUZZ_TARGETS = $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs)))
SECONDS ?= 60

fuzz: ## Feed each reader with made-up bytes: [SECONDS=60] [TARGETS="csv predict"]
	@command -v cargo-fuzz >/dev/null || { echo "make fuzz needs cargo-fuzz: cargo install --locked cargo-fuzz" >&2; exit 2; }
	@for target in $(or $(TARGETS),$(FUZZ_TARGETS)); do \
		mkdir -p fuzz/corpus/$$target; \
		echo "$$target"; \
		$(CARGO) +nightly fuzz run --sanitizer none $$target fuzz/corpus/$$target fuzz/seeds/$$target -- \
			-max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=4096 -verbosity=0 -print_final_stats=1 2>&1 \
			| grep -E "number_of_executed_units|panicked|ERROR|SUMMARY|Test unit" || exit 1; \
		! ls fuzz/artifacts/$$target/* >/dev/null 2>&1 || { echo "$$target: see fuzz/artifacts/$$target" >&2; exit 1; }; \
	done

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
