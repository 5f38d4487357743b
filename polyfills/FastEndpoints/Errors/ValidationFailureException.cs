using FluentValidation.Results;

namespace FastEndpoints;

/// <summary>Ends a handler; the errors become the response.</summary>
public sealed class ValidationFailureException(IEnumerable<ValidationFailure> failures, string message)
    : Exception($"{message} {failures.FirstOrDefault()?.ErrorMessage}")
{
    public IEnumerable<ValidationFailure>? Failures { get; } = failures;

    /// <summary>The status to answer with; null for the configured one.</summary>
    public int? StatusCode { get; internal init; }
}
