# Aliases only: `python run.py` and `python run.py test` are the whole story.
PYTHON ?= python3

.PHONY: help run test locks messages

help: ## What can be asked for
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

run: ## The main job on the made-up city
	$(PYTHON) run.py

test: ## Every check and test
	$(PYTHON) run.py test

locks: ## Renew requirements/*.lock.txt
	$(PYTHON) run.py locks

messages: ## Renew the translation catalogues from the code
	$(PYTHON) run.py messages
