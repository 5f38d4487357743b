using System.Text.Json;
using FluentValidation.Results;
using Microsoft.AspNetCore.Http;

namespace FastEndpoints;

/// <summary>How bad requests are answered.</summary>
public sealed class ErrorOptions
{
    internal const string ContentType = "application/problem+json";
    internal const string GeneralErrorsField = "GeneralErrors";

    private ProblemDetailsConfig? _problemDetails;

    public int StatusCode { internal get; set; } = 400;

    internal Type BodyType => _problemDetails is null ? typeof(ErrorResponse) : typeof(ProblemDetails);

    /// <summary>Answers with <see cref="ProblemDetails"/> instead of <see cref="ErrorResponse"/>.</summary>
    public void UseProblemDetails(Action<ProblemDetailsConfig>? config = null)
    {
        _problemDetails ??= new();
        config?.Invoke(_problemDetails);
    }

    internal ProblemDetailsConfig ProblemDetails => _problemDetails ?? ProblemDetailsConfig.Default;

    internal object Describe(List<ValidationFailure> failures, HttpContext context, int statusCode, JsonSerializerOptions json)
        => _problemDetails is null
            ? new ErrorResponse(failures, statusCode, json.PropertyNamingPolicy)
            : new ProblemDetails(failures, context.Request.Path, context.TraceIdentifier, statusCode, _problemDetails, json.PropertyNamingPolicy);

    /// <summary>What <see cref="FastEndpoints.ProblemDetails"/> says besides the errors.</summary>
    public sealed class ProblemDetailsConfig
    {
        internal static readonly ProblemDetailsConfig Default = new();

        /// <summary>Keeps every error of a field, not only its first.</summary>
        public bool AllowDuplicateErrors { internal get; set; }

        public bool IndicateErrorCode { get; set; }

        public bool IndicateErrorSeverity { get; set; }

        /// <summary>The title of a status code that has none of its own.</summary>
        public string TitleValue { internal get; set; } = "One or more errors occurred.";

        /// <summary>The type of a status code that has none of its own.</summary>
        public string TypeValue { internal get; set; } = "https://www.rfc-editor.org/rfc/rfc7231#section-6.5.1";

        public Func<ProblemDetails, string>? TitleTransformer { internal get; set; }

        public Func<ProblemDetails, string>? TypeTransformer { internal get; set; }

        public Func<ProblemDetails, string?>? DetailTransformer { internal get; set; }
            = problem => problem.Errors.Take(2).ToArray() is [var only] ? only.Reason : null;

        internal string TitleOf(ProblemDetails problem)
            => TitleTransformer?.Invoke(problem) ?? StatusTitles.Of(problem.Status)?.Title ?? TitleValue;

        internal string TypeOf(ProblemDetails problem)
            => TypeTransformer?.Invoke(problem) ?? StatusTitles.Of(problem.Status)?.Type ?? TypeValue;
    }
}
