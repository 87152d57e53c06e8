"""One file judged by itself, for the loaders that will read it.

annotation_file  a file as checks see it: columns, and records where columns do not decide
batch            records decoded and judged together
polygons         polygons of many annotations, measured at once
check            what a check is, and all of them
checks/          the checks, by what they are about
example          a small correct file, for the example of each check
effects          what each loader does about a fault
repair           what a repair is
ids              repairs of ids, on all sides at once
measures         area and box of a mask
repairable       all repairs, and the choice of some
fix              repairs done, one code after the other
on_disk          image files next to what their records say
pair             what two files have in common
report           findings, counted, for people and programs
run              the whole of lint
page             the page of a code
"""
