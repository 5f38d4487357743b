using FluentValidation;

namespace FastEndpoints;

/// <summary>The rules of a request: found by scan, one instance for all requests, run before the handler.</summary>
public abstract class Validator<TRequest> : AbstractValidator<TRequest> where TRequest : notnull;
