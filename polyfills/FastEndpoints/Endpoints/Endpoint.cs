using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Text.Json;
using FluentValidation;
using FluentValidation.Internal;
using FluentValidation.Results;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace FastEndpoints;

/// <summary>An endpoint: bind the request, validate it, handle it. Overrides either HandleAsync or ExecuteAsync.</summary>
public abstract class Endpoint<TRequest, TResponse> : BaseEndpoint where TRequest : notnull
{
    private ResponseSender<TRequest, TResponse>? _sender;

    internal TResponse? SentResponse { get; set; }

    protected ResponseSender<TRequest, TResponse> Send => _sender ??= new(this);

    public virtual Task HandleAsync(TRequest req, CancellationToken ct) => throw new NotImplementedException();

    public virtual Task<TResponse> ExecuteAsync(TRequest req, CancellationToken ct) => throw new NotImplementedException();

    public void AddError(ValidationFailure failure) => ValidationFailures.Add(failure);

    public void AddError(string message, string? errorCode = null, Severity severity = Severity.Error)
        => AddError(Failure(ErrorOptions.GeneralErrorsField, message, errorCode, severity));

    public void AddError(Expression<Func<TRequest, object?>> property, string errorMessage, string? errorCode = null, Severity severity = Severity.Error)
        => AddError(Failure(PropertyChain.FromExpression(property).ToString(), errorMessage, errorCode, severity));

    [DoesNotReturn]
    public void ThrowError(ValidationFailure failure, int? statusCode = null)
    {
        failure.PropertyName ??= ErrorOptions.GeneralErrorsField;
        AddError(failure);
        throw Failed(statusCode);
    }

    [DoesNotReturn]
    public void ThrowError(string message, int? statusCode = null)
        => ThrowError(Failure(ErrorOptions.GeneralErrorsField, message, null, Severity.Error), statusCode);

    [DoesNotReturn]
    public void ThrowError(string message, string errorCode, Severity severity = Severity.Error, int? statusCode = null)
        => ThrowError(Failure(ErrorOptions.GeneralErrorsField, message, errorCode, severity), statusCode);

    [DoesNotReturn]
    public void ThrowError(Expression<Func<TRequest, object?>> property, string errorMessage, int? statusCode = null)
        => ThrowError(Failure(PropertyChain.FromExpression(property).ToString(), errorMessage, null, Severity.Error), statusCode);

    [DoesNotReturn]
    public void ThrowError(Expression<Func<TRequest, object?>> property, string errorMessage, string errorCode, Severity severity = Severity.Error, int? statusCode = null)
        => ThrowError(Failure(PropertyChain.FromExpression(property).ToString(), errorMessage, errorCode, severity), statusCode);

    public void ThrowIfAnyErrors(int? statusCode = null)
    {
        if (ValidationFailed)
            throw Failed(statusCode);
    }

    protected T? Route<T>([StringSyntax("Route")] string paramName, bool isRequired = true)
        => Read<T>(HttpContext.Request.RouteValues.TryGetValue(paramName, out var value), value?.ToString(), paramName, "Route", isRequired);

    protected T? Query<T>(string paramName, bool isRequired = true)
        => Read<T>(HttpContext.Request.Query.TryGetValue(paramName, out var values), values, paramName, "Query", isRequired);

    internal sealed override IBinder? CreateBinder(Config config)
        => typeof(TRequest) == typeof(EmptyRequest) ? null : new RequestBinder<TRequest>(config);

    internal sealed override async Task ExecAsync(CancellationToken ct)
    {
        try
        {
            var request = await BindAsync(ct);
            if (await IsAcceptableAsync(request, ct))
                await HandleOrExecuteAsync(request, ct);
            else
                await Send.ErrorsAsync(Definition.Config.Errors.StatusCode, ct);
        }
        catch (ValidationFailureException failure) when (!ResponseSent && !HttpContext.Response.HasStarted)
        {
            await Send.ErrorsAsync(failure.StatusCode ?? Definition.Config.Errors.StatusCode, ct);
        }
    }

    private async ValueTask<TRequest> BindAsync(CancellationToken ct)
    {
        if (Definition.Binder is not RequestBinder<TRequest> binder)
            return default!;

        try
        {
            var request = await binder.BindAsync(this, ct);
            ThrowIfAnyErrors();
            return request;
        }
        catch (JsonException unreadable)
        {
            AddError(JsonFailure.From(unreadable));
            throw Failed(StatusCodes.Status400BadRequest);
        }
        catch (BadHttpRequestException refused)
        {
            AddError(refused.Message);
            throw Failed(refused.StatusCode);
        }
        catch (InvalidDataException malformedForm)
        {
            AddError(malformedForm.Message);
            throw Failed(StatusCodes.Status400BadRequest);
        }
    }

    private async ValueTask<bool> IsAcceptableAsync(TRequest request, CancellationToken ct)
    {
        if (Definition.Validation is not IValidator<TRequest> validator)
            return true;

        var result = await validator.ValidateAsync(request, ct);
        if (result.IsValid)
            return true;

        ValidationFailures.AddRange(result.Errors);
        return !Definition.ThrowIfValidationFails;
    }

    private async Task HandleOrExecuteAsync(TRequest request, CancellationToken ct)
    {
        if (Definition.ImplementsExecute)
        {
            SentResponse = await ExecuteAsync(request, ct);
            if (SentResponse is IResult result && typeof(TResponse).IsAssignableTo(typeof(IResult)))
                await Send.ResultAsync(result);
        }
        else
        {
            await HandleAsync(request, ct);
        }

        if (ResponseSent || HttpContext.Response.HasStarted)
            return;

        if (SentResponse is null)
            await Send.NoContentAsync(ct);
        else
            await Send.ResponseAsync(SentResponse, HttpContext.Response.StatusCode, ct);
    }

    private T? Read<T>(bool isPresent, StringValues values, string name, string kind, bool isRequired)
    {
        var parsed = isPresent ? Definition.Config.Parsers.For(typeof(T))(values) : default;
        if (parsed.IsSuccess)
            return (T?)parsed.Value;

        if (isRequired)
            AddError(new ValidationFailure(name, isPresent ? $"Unable to read value of {kind.ToLowerInvariant()} parameter!" : $"{kind} parameter was not found!"));

        ThrowIfAnyErrors();
        return default;
    }

    private ValidationFailureException Failed(int? statusCode) => new(ValidationFailures, "The request failed:") { StatusCode = statusCode };

    private static ValidationFailure Failure(string name, string message, string? errorCode, Severity severity)
        => new(name, message) { ErrorCode = errorCode, Severity = severity };
}
