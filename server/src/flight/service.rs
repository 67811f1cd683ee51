//! Flight's calls, as the generated service has them.
//!
//! What a query takes is done on the engine's threads from the call to its answer: each step there
//! is taken by threads that are awake, where going there and back again would wake two. A query of
//! literals is answered on the network's threads, for to wake others would take longer.

use std::sync::Arc;

use arrow_flight::flight_service_server::FlightService;
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo,
    HandshakeRequest, HandshakeResponse, PollInfo, PutResult, SchemaResult, Ticket,
};
use tonic::metadata::MetadataValue;
use tonic::{Request, Response, Status, Streaming};

use super::whole::witnessed;
use super::{Answer, Flight, actions, login, refusals};
use crate::caller::Caller;
use crate::compute::compute_unless;
use crate::insight::Call;
use crate::sessions::SET_COOKIE;

/// The calls to a [`Flight`].
pub(crate) struct Service(pub(crate) Arc<Flight>);

#[tonic::async_trait]
impl FlightService for Service {
    type HandshakeStream = Answer<HandshakeResponse>;
    type ListFlightsStream = Answer<FlightInfo>;
    type DoGetStream = Answer<FlightData>;
    type DoPutStream = Answer<PutResult>;
    type DoActionStream = Answer<arrow_flight::Result>;
    type ListActionsStream = Answer<ActionType>;
    type DoExchangeStream = Answer<FlightData>;

    async fn handshake(
        &self,
        request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        Ok(login::log_in(&self.0.authenticator, request).await?)
    }

    async fn list_flights(
        &self,
        _request: Request<Criteria>,
    ) -> Result<Response<Self::ListFlightsStream>, Status> {
        Err(refusals::list_flights().into())
    }

    async fn get_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let flight = Arc::clone(&self.0);
        let caller = Caller::of(&request)?;
        let engine = caller.engine.clone();
        let descriptor = request.into_inner();
        let asked = flight.asked(&caller, &descriptor).await?;
        let is_brief = asked.is_constant();
        let work = async move {
            let work = flight.info(&caller, asked, descriptor);
            flight.attended(&caller, work).await
        };
        let info = compute_unless(is_brief, &engine, work).await?;
        Ok(Response::new(info))
    }

    async fn poll_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<PollInfo>, Status> {
        let caller = Caller::of(&request)?;
        let work = self.0.poll(&caller, request.into_inner());
        Ok(Response::new(self.0.attended(&caller, work).await?))
    }

    async fn get_schema(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<SchemaResult>, Status> {
        let caller = Caller::of(&request)?;
        let work = self.0.schema(&caller, request.get_ref());
        Ok(Response::new(self.0.attended(&caller, work).await?))
    }

    async fn do_get(
        &self,
        request: Request<Ticket>,
    ) -> Result<Response<Self::DoGetStream>, Status> {
        let flight = Arc::clone(&self.0);
        let caller = Caller::of(&request)?;
        let engine = caller.engine.clone();
        let subject = flight.open_ticket(&caller, request.get_ref())?;
        let is_brief = subject.is_brief();
        let work = async move {
            let work = flight.stream(&caller, subject);
            flight.attended(&caller, work).await
        };
        let messages = compute_unless(is_brief, &engine, work).await?;
        Ok(Response::new(messages))
    }

    async fn do_put(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoPutStream>, Status> {
        let caller = Caller::of(&request)?;
        let (messages, witness) = witnessed(request.into_inner());
        let work = witness.during(self.0.put(&caller, messages));
        let result = self.0.attended(&caller, work).await?;
        Ok(Response::new(one(result)))
    }

    async fn do_exchange(
        &self,
        _request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoExchangeStream>, Status> {
        Err(refusals::exchange().into())
    }

    async fn do_action(
        &self,
        request: Request<Action>,
    ) -> Result<Response<Self::DoActionStream>, Status> {
        if let Some(action) = actions::name(&request.get_ref().r#type) {
            Call::of(request.extensions()).note("cohortql.action", action);
        }
        if let Some(answer) = self.0.session_action(&request)? {
            let mut response = Response::new(one(arrow_flight::Result::new(answer.body)));
            let cookie = answer
                .cookie
                .and_then(|cookie| MetadataValue::try_from(cookie).ok());
            if let Some(cookie) = cookie {
                response.metadata_mut().insert(SET_COOKIE, cookie);
            }
            return Ok(response);
        }
        let caller = Caller::of(&request)?;
        let work = self.0.act(&caller, request.into_inner());
        Ok(Response::new(
            match self.0.attended(&caller, work).await? {
                Some(body) => one(arrow_flight::Result::new(body)),
                None => Box::pin(futures::stream::empty()),
            },
        ))
    }

    async fn list_actions(
        &self,
        _request: Request<Empty>,
    ) -> Result<Response<Self::ListActionsStream>, Status> {
        let actions = actions::served().map(Ok);
        Ok(Response::new(Box::pin(futures::stream::iter(actions))))
    }
}

pub(super) fn one<T: Send + 'static>(item: T) -> Answer<T> {
    Box::pin(futures::stream::iter([Ok(item)]))
}
