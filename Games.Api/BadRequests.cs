using System.Net.Mime;
using FastEndpoints;
using FluentValidation.Results;
using Games.ServiceDefaults;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;

namespace Games.Api;

/// <summary>Refusals that come before an endpoint, in the form of a validator's.</summary>
internal static class BadRequests
{
    private const string GeneralErrors = "generalErrors";

    public static void AddBadRequests(this IHostApplicationBuilder builder) => builder.Services.AddExceptionHandler<BadRequestAnswer>();

    /// <summary>
    /// Routing refuses a wrong content type; it lets a request pass that has none. FastEndpoints would refuse that too, also where the body may be
    /// left out, so a request without one gets the type that its body would have.
    /// </summary>
    public static void RequireContentType(this WebApplication app) => app.Use((context, next) =>
    {
        if (!string.IsNullOrEmpty(context.Request.ContentType)
            || context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>() is not { } accepts
            || accepts.ContentTypes.Contains("*/*"))
        {
            return next(context);
        }

        if (context.LeavesOutBody())
        {
            context.Request.ContentType = MediaTypeNames.Application.Json;
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
        return Task.CompletedTask;
    });

    /// <summary>The answer that FastEndpoints makes of failures by itself, and their fields for the log.</summary>
    public static object Problem(List<ValidationFailure> failures, HttpContext context, int status)
    {
        context.NameRefusedFields(failures.Select(failure => failure.PropertyName));
        return new FastEndpoints.ProblemDetails(failures, context.Request.Path, context.TraceIdentifier, status);
    }

    /// <summary>Whether the endpoint's body may be left out, and is.</summary>
    public static bool LeavesOutBody(this HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<GameAnswers.OptionalBody>() is not null
        && context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is not true;

    private sealed class BadRequestAnswer : IExceptionHandler
    {
        public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken ct)
        {
            // Such as a body that is too large: Kestrel's refusals look like those of a validator.
            if (exception is not BadHttpRequestException refused)
                return false;

            await context.Response.SendErrorsAsync([new(GeneralErrors, refused.Message)], refused.StatusCode, cancellation: ct);
            return true;
        }
    }
}
