using System.Text.Json;
using FluentValidation.Results;

namespace FastEndpoints;

/// <summary>The errors of a request, by field: what is sent unless problem details are asked for.</summary>
public sealed class ErrorResponse
{
    public ErrorResponse()
    {
    }

    public ErrorResponse(List<ValidationFailure> failures, int statusCode = 400) : this(failures, statusCode, JsonNamingPolicy.CamelCase)
    {
    }

    internal ErrorResponse(List<ValidationFailure> failures, int statusCode, JsonNamingPolicy? naming)
    {
        StatusCode = statusCode;
        Errors = failures
            .GroupBy(f => naming?.ConvertName(f.PropertyName) ?? f.PropertyName)
            .ToDictionary(field => field.Key, field => field.Select(f => f.ErrorMessage).ToList());
    }

    public int StatusCode { get; set; }

    public string Message { get; set; } = "One or more errors occurred!";

    public Dictionary<string, List<string>> Errors { get; set; } = [];
}
