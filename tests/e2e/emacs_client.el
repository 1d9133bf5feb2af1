;;; -*- lexical-binding: t -*-
;; Emacs' own LSP client, eglot, starts a run with the README's words and watches it.
;;
;;   emacs --batch -l this SNIPPET FILE
;;
;; SNIPPET holds the README's forms: all but the last belong into a configuration, the last starts a run. FILE is
;; opened and eglot started for it. Prints the run's events as JSON, one a line, until it comes to rest, and then
;; shuts the server down as LSP has it. Ends with 77 when there is no eglot.

(require 'package)
(package-initialize)
(unless (require 'eglot nil t)
  (kill-emacs 77))

(defconst patience 30 "Seconds that the server may take for one thing.")
(defvar over nil)

(cl-defmethod eglot-handle-notification (_server (_method (eql cairn/event)) &key event)
  (princ (concat (json-serialize event :false-object :json-false) "\n"))
  (when (equal (plist-get event :kind) "session.state")
    (setq over (not (equal (plist-get (plist-get event :payload) :state) "running")))))

(defun forms-in (file)
  (with-temp-buffer
    (insert-file-contents file)
    (let (forms)
      (condition-case nil
          (while t (push (read (current-buffer)) forms))
        (end-of-file (nreverse forms))))))

(let* ((snippet (forms-in (pop command-line-args-left)))
       (eglot-sync-connect patience)
       server run)
  (mapc #'eval (butlast snippet))
  (find-file (pop command-line-args-left))
  (call-interactively #'eglot)
  (setq server (eglot-current-server)
        run (eval (car (last snippet))))
  (jsonrpc-request server :cairn/events/subscribe
                   (list :session (plist-get run :session) :since (plist-get run :since) :stream :json-false))
  (with-timeout (patience (error "The run did not come to rest within %s seconds" patience))
    (while (not over)
      (accept-process-output nil 1)))
  (eglot-shutdown server))
