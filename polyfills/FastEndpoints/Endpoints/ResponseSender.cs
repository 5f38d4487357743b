using System.Runtime.CompilerServices;
using System.Text.Json;
using FluentValidation.Results;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FastEndpoints;

/// <summary>The ways to answer a request, behind an endpoint's <c>Send</c>.</summary>
public readonly struct ResponseSender<TRequest, TResponse>(Endpoint<TRequest, TResponse> ep) where TRequest : notnull
{
    private const string Json = "application/json; charset=utf-8";

    public HttpContext HttpContext => ep.HttpContext;

    public List<ValidationFailure> ValidationFailures => ep.ValidationFailures;

    public EndpointDefinition Definition => ep.Definition;

    public Task<Void> OkAsync(TResponse response, CancellationToken cancellation) => ResponseAsync(response, 200, cancellation);

    [OverloadResolutionPriority(1)]
    public Task<Void> OkAsync(TResponse response) => ResponseAsync(response);

    public Task<Void> OkAsync(CancellationToken cancellation) => StatusCodeAsync(200, cancellation);

    public Task<Void> OkAsync() => StatusCodeAsync(200);

    public Task<Void> CreatedAtAsync<TEndpoint>(
        object? routeValues = null,
        TResponse? responseBody = default,
        Http? verb = null,
        int? routeNumber = null,
        bool generateAbsoluteUrl = false,
        CancellationToken cancellation = default) where TEndpoint : IEndpoint
        => CreatedAtAsync(
            Definition.Config.Endpoints.NameOf(typeof(TEndpoint), verb?.ToString(), routeNumber),
            routeValues,
            responseBody,
            generateAbsoluteUrl,
            cancellation);

    public Task<Void> CreatedAtAsync(
        string endpointName,
        object? routeValues = null,
        TResponse? responseBody = default,
        bool generateAbsoluteUrl = false,
        CancellationToken cancellation = default)
    {
        var links = HttpContext.RequestServices.GetRequiredService<LinkGenerator>();
        HttpContext.Response.Headers.Location = generateAbsoluteUrl
            ? links.GetUriByName(HttpContext, endpointName, routeValues)
            : links.GetPathByName(endpointName, routeValues);

        return responseBody is null ? StatusCodeAsync(201, cancellation) : ResponseAsync(responseBody, 201, cancellation);
    }

    public Task<Void> NoContentAsync(CancellationToken cancellation = default) => StatusCodeAsync(204, cancellation);

    public Task<Void> NotFoundAsync(CancellationToken cancellation = default) => StatusCodeAsync(404, cancellation);

    public Task<Void> ForbiddenAsync(CancellationToken cancellation = default) => StatusCodeAsync(403, cancellation);

    public Task<Void> UnauthorizedAsync(CancellationToken cancellation = default) => StatusCodeAsync(401, cancellation);

    public Task<Void> ErrorsAsync(int statusCode = 400, CancellationToken cancellation = default)
    {
        var body = Definition.Config.Errors.Describe(ValidationFailures, HttpContext, statusCode, Definition.Config.Serializer.Options);
        return WriteAsync(body, statusCode, ErrorOptions.ContentType + "; charset=utf-8", cancellation);
    }

    public Task<Void> ResponseAsync(TResponse response, int statusCode = 200, CancellationToken cancellation = default)
    {
        ep.SentResponse = response;
        return WriteAsync(response, statusCode, Json, cancellation);
    }

    public async Task<Void> StatusCodeAsync(int statusCode, CancellationToken cancellation = default)
    {
        await Begin(statusCode).StartAsync(OrAborted(cancellation));
        return Void.Instance;
    }

    public async Task<Void> ResultAsync(IResult result)
    {
        ep.ResponseSent = true;
        await result.ExecuteAsync(HttpContext);
        return Void.Instance;
    }

    public async Task<Void> StringAsync(
        string content,
        int statusCode = 200,
        string contentType = "text/plain; charset=utf-8",
        CancellationToken cancellation = default)
    {
        var response = Begin(statusCode);
        response.ContentType = contentType;
        await response.WriteAsync(content, OrAborted(cancellation));
        return Void.Instance;
    }

    public Task<Void> HeadersAsync(Action<IHeaderDictionary> headers, int statusCode = 200, CancellationToken cancellation = default)
    {
        headers(HttpContext.Response.Headers);
        return StatusCodeAsync(statusCode, cancellation);
    }

    public async Task<Void> EventStreamAsync<T>(string eventName, IAsyncEnumerable<T> eventStream, CancellationToken cancellation = default)
        where T : notnull
    {
        var stopping = HttpContext.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(OrAborted(cancellation), stopping);

        await EventStream.WriteAsync(Begin(200), eventName, eventStream, Definition.Config.Serializer.Options, either.Token);
        return Void.Instance;
    }

    private async Task<Void> WriteAsync(object? body, int statusCode, string contentType, CancellationToken cancellation)
    {
        var response = Begin(statusCode);
        if (body is not null)
            await response.WriteAsJsonAsync(body, body.GetType(), Definition.Config.Serializer.Options, contentType, OrAborted(cancellation));

        return Void.Instance;
    }

    private HttpResponse Begin(int statusCode)
    {
        ep.ResponseSent = true;
        HttpContext.Response.StatusCode = statusCode;
        return HttpContext.Response;
    }

    private CancellationToken OrAborted(CancellationToken cancellation)
        => cancellation == CancellationToken.None ? HttpContext.RequestAborted : cancellation;
}
