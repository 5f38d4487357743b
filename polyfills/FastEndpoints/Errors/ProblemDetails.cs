using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using FluentValidation.Results;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;

namespace FastEndpoints;

/// <summary>The errors of a request in the shape of RFC 7807.</summary>
public sealed class ProblemDetails : IResult, IEndpointMetadataProvider
{
    private readonly IReadOnlyList<ValidationFailure> _failures = [];
    private ErrorOptions.ProblemDetailsConfig _config = ErrorOptions.ProblemDetailsConfig.Default;

    public ProblemDetails()
    {
    }

    public ProblemDetails(IReadOnlyList<ValidationFailure> failures, int? statusCode = null)
        : this(failures, null!, null!, statusCode ?? StatusCodes.Status400BadRequest)
    {
    }

    public ProblemDetails(IReadOnlyList<ValidationFailure> failures, string instance, string traceId, int statusCode)
        : this(failures, instance, traceId, statusCode, ErrorOptions.ProblemDetailsConfig.Default, JsonNamingPolicy.CamelCase)
    {
    }

    internal ProblemDetails(
        IReadOnlyList<ValidationFailure> failures,
        string instance,
        string traceId,
        int statusCode,
        ErrorOptions.ProblemDetailsConfig config,
        JsonNamingPolicy? naming)
    {
        _failures = failures;
        Instance = instance;
        TraceId = traceId;
        Status = statusCode;
        Describe(config, naming);
    }

    public string Type => _config.TypeOf(this);

    public string Title => _config.TitleOf(this);

    public int Status { get; set; }

    public string Instance { get; set; } = null!;

    public string TraceId { get; set; } = null!;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detail { get; set; }

    public IEnumerable<Error> Errors { get; set; } = [];

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
        => builder.Metadata.Add(new DefaultProduces(typeof(ProblemDetails), StatusCodes.Status400BadRequest, ErrorOptions.ContentType));

    /// <summary>Sends it as a handler's typed result.</summary>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var config = httpContext.RequestServices.GetRequiredService<Config>();
        if (_failures.Count > 0)
            Describe(config.Errors.ProblemDetails, config.Serializer.Options.PropertyNamingPolicy);

        TraceId ??= httpContext.TraceIdentifier;
        Instance ??= httpContext.Request.Path;
        httpContext.Response.StatusCode = Status;
        return httpContext.Response.WriteAsJsonAsync(
            this,
            config.Serializer.Options,
            "application/json; charset=utf-8",
            httpContext.RequestAborted);
    }

    private void Describe(ErrorOptions.ProblemDetailsConfig config, JsonNamingPolicy? naming)
    {
        var failures = config.AllowDuplicateErrors ? _failures : _failures.DistinctBy(f => naming?.ConvertName(f.PropertyName) ?? f.PropertyName);
        _config = config;
        Errors = [.. failures.Select(failure => new Error(failure, config, naming))];
        Detail = config.DetailTransformer?.Invoke(this);
    }

    /// <summary>One field and what is wrong with it.</summary>
    public sealed class Error
    {
        public Error()
        {
        }

        public Error(ValidationFailure failure) : this(failure, ErrorOptions.ProblemDetailsConfig.Default, JsonNamingPolicy.CamelCase)
        {
        }

        internal Error(ValidationFailure failure, ErrorOptions.ProblemDetailsConfig config, JsonNamingPolicy? naming)
        {
            Name = naming?.ConvertName(failure.PropertyName) ?? failure.PropertyName;
            Reason = failure.ErrorMessage;
            Code = config.IndicateErrorCode ? failure.ErrorCode : null;
            Severity = config.IndicateErrorSeverity ? failure.Severity.ToString() : null;
        }

        public string Name { get; set; } = null!;

        public string Reason { get; set; } = null!;

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Code { get; set; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Severity { get; set; }
    }
}
