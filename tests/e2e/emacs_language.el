;;; -*- lexical-binding: t -*-
;; Emacs' own LSP client, eglot, works on a page of ours, by the functions that its users have on keys.
;;
;;   CAIRN_PAGE='{"command": [...], "page": ".cairn/MEMORY.md", "task": "title", ...}' emacs --batch -l this
;;
;; Makes a task, names it in the page, and prints as JSON what diagnostics, hover, definition, code action and
;; rename gave. Ends with 77 when there is no eglot.

(require 'package)
(package-initialize)
(unless (require 'eglot nil t)
  (kill-emacs 77))
(require 'cl-lib)

(defconst patience 20 "Seconds that the server may take for one thing.")
(defconst given (json-parse-string (getenv "CAIRN_PAGE") :object-type 'plist :array-type 'list))
(defvar found nil)

(defun wait-for (what condition)
  (with-timeout (patience (error "Not within %s seconds: %s" patience what))
    (while (not (funcall condition))
      (accept-process-output nil 0.05))))

(defun go-to (text)
  (goto-char (point-min))
  (search-forward text)
  (goto-char (match-beginning 0)))

(defun note (key value)
  (setq found (plist-put found key value)))

(setq eglot-sync-connect patience
      eglot-confirm-server-initiated-edits nil)
(add-to-list 'auto-mode-alist '("\\.md\\'" . text-mode))
(add-to-list 'eglot-server-programs (cons 'text-mode (plist-get given :command)))

(find-file (plist-get given :page))
(call-interactively #'eglot)
(let* ((page (current-buffer))
       (made (plist-get
              (aref (plist-get (jsonrpc-request (eglot-current-server) :cairn/task/change
                                                (list :id "" :action "create" :title (plist-get given :task)))
                               :tasks)
                    0)
              :id)))
  (note :task made)
  (goto-char (point-max))
  (insert "- " made " " (plist-get given :task) " comes first\n")
  (eglot--signal-textDocument/didChange) ; what its idle timer does, which a batch never is

  (wait-for "the findings"
            (lambda ()
              (flymake-start)
              (= (length (flymake-diagnostics)) (plist-get given :findings))))
  (note :diagnostics
        (vconcat (mapcar (lambda (each)
                           (plist-get (cdr (assq 'eglot-lsp-diag (flymake-diagnostic-data each))) :code))
                         (flymake-diagnostics))))

  (go-to (concat made " "))
  (eglot-hover-eldoc-function (lambda (text &rest _) (note :hover (substring-no-properties text))))
  (wait-for "the hover" (lambda () (plist-get found :hover)))

  (go-to "src/parser.py:3")
  (xref-find-definitions (xref-backend-identifier-at-point 'eglot))
  (note :definition (vector (file-name-nondirectory (buffer-file-name)) (line-number-at-pos)))
  (switch-to-buffer page)

  (go-to "ghp_")
  (cl-letf (((symbol-function 'completing-read)
             (lambda (_prompt choices &rest _)
               (let ((titles (all-completions "" choices)))
                 (note :actions (vconcat titles))
                 (or (cl-find "Mask the secret" titles :test #'equal) (error "No action masks the secret"))))))
    (let ((last-nonmenu-event ?a)) ; by the keyboard, not the mouse
      (eglot-code-actions (line-beginning-position) (line-end-position) nil t)))
  (wait-for "the secret is masked"
            (lambda () (save-excursion (goto-char (point-min)) (not (search-forward "ghp_" nil t)))))

  (go-to (concat made " "))
  (eglot-rename (plist-get given :renamed))
  (wait-for "the task has its new name"
            (lambda ()
              (save-excursion (goto-char (point-min)) (search-forward (plist-get given :renamed) nil t))))
  (note :page (vconcat (split-string (buffer-string) "\n")))
  (set-buffer-modified-p nil)
  (eglot-shutdown (eglot-current-server))
  (princ (concat (json-serialize found) "\n")))
