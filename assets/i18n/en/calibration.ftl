### Whether what is said of answers comes true.
admin-calibration = Calibration
calibration-lead = Each time somebody independent says whether an answer is right, what its page said until then is put to the test. Of answers shown as 80 % likely right, eight in ten should be.
calibration-drifts = What is shown is off by more than one in ten. Look at which way the table leans: what comes true less often than said is shown with too much confidence.
calibration-trials = Trials
calibration-brier = Brier score (0 is best, 0.25 says nothing)
calibration-error = Calibration error
calibration-recent = Calibration error, last three months
calibration-few = There are fewer than fifty trials: the figures say little yet.
calibration-shown = Shown as
calibration-said = Said on average
calibration-came = Came true
calibration-range = { $from } to { $to } %
calibration-empty-title = Nothing to compare yet
calibration-empty-text = As soon as readers confirm answers, or staff judge them, the figures appear here.
