// op/vocab_clear.h: forgets the words of a vocabulary, before the next one.

#undef NUM
#undef ADD
#undef SUB
#undef MUL
#undef DIV
#undef NEG
#undef IF
#undef EQ
#undef GT
#undef GE
#undef POW
#undef FLOORDIV
#undef EXP
#undef LOG
#undef SQRT
#undef SIN
#undef COS
#undef SINH
#undef COSH
#undef SIGMOID
#undef SIGN
