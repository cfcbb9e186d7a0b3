--- nd.autodiff.grad: a function that gives the gradient of f by each of its
-- arguments: nd.value_and_grad without the value.
return getmetatable(require "nadir.autodiff.value_and_grad").grad
