"""A result against its source, a loader against another; no code is shared with ``annfile/``.

reading             a file as the standard library reads it, with the text of each record
renumbering         category ids in the text of a record
values              JSON values compared, and their differences told
codes               the codes of findings: what each means, how it arises, what to do
finding             findings
told                what a recipe says of a result
disorder            the order of records
copied              is the file what the plan says?
copied_annotations  annotations against those of the source
copied_categories   the category list against that of the source
expected            the source as it should be emitted
left_out            which images a loader's filter leaves out
class_names         do class names that somebody chose fit a file?
emitted             does a loader emit the same for the subset as for the source?
verification        what was compared, by which rules, and what does not hold
real                what a real loader emitted, against its rules
evaluator           does a config's evaluator read what its dataset reads?
rasters             masks as bitmaps
packed              what a real pipeline made of images
corners             boxes as absolute corners
pairing             which object of one loader is which of another's
outcomes            what a loader's rules make of each record
against             two loaders of one file: which rule explains what differs
"""
